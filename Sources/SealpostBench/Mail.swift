import Foundation
import SealpostCore
import SodiumKit

/// What the phases deposit, fetch and acknowledge.
struct Mail: Sendable {
    let target: Target
    /// Shaped like a ratchet message: version, kind, header of 40 bytes, ciphertext.
    let content: [UInt8]

    init(target: Target, size: Int) {
        self.target = target
        content = [0x01, 0x02] + Random.bytes(size - 2)
    }

    /// Deposits one raw envelope; returns when it is durable.
    func deposit(to device: BenchedDevice, from sender: BenchedDevice, id: EnvelopeID? = nil) async throws {
        let id = id ?? EnvelopeID(random: Random.bytes(16))
        try await target.send(
            "PUT", "/v1/mailboxes/\(device.address)/envelopes/\(id)", token: sender.token,
            contentType: "application/octet-stream", body: content)
    }

    func poll(_ device: BenchedDevice, _ request: PollRequest) async throws -> MailboxAnswer {
        try await target.call("POST", "/v1/poll", token: device.token, json: request, as: PollAnswer.self).mailbox
    }

    /// Acknowledges everything, so that the mailboxes have room again.
    func empty(_ devices: [BenchedDevice]) async throws {
        _ = try await measure(count: devices.count, workers: 16) { number in
            let device = devices[number]
            var answer = try await poll(device, PollRequest(mailbox: .init(), limit: Limits.fetchItems))
            while let cursor = answer.cursor, answer.envelopes?.isEmpty == false || answer.tombstones?.isEmpty == false
            {
                answer = try await poll(
                    device, PollRequest(mailbox: .init(ack: AckRequest(through: cursor)), limit: Limits.fetchItems))
            }
        }
    }
}

/// An id that tells when its deposit was sent, so that the receiver can tell how long it took.
struct TimedID {
    private static let start = ContinuousClock.now

    /// Nanoseconds since the bench began, and a number that makes it unique.
    static func make(_ number: Int) -> EnvelopeID {
        let elapsed = Int(start.duration(to: .now) / .nanoseconds(1))
        let text = "t" + String(elapsed) + "-" + String(number) + "-"
        let padded = text.padding(toLength: 40, withPad: "x", startingAt: 0)
        return EnvelopeID(padded) ?? EnvelopeID(random: Random.bytes(16))
    }

    /// How long ago the deposit of this id was sent.
    static func age(of id: EnvelopeID) -> Duration? {
        let digits = id.description.dropFirst().prefix { $0 != "-" }
        guard id.description.hasPrefix("t"), let sent = Int(digits) else { return nil }
        return start.duration(to: .now) - .nanoseconds(sent)
    }
}
