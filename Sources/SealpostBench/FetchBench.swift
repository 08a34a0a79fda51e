import Foundation
import SealpostCore
import SodiumKit

/// Fetches of 100 envelopes, and their acknowledgement.
package struct FetchBench: Sendable {
    let target: Target
    let connections: Int
    let size: Int
    let rounds: Int

    package init(target: Target, connections: Int, size: Int, rounds: Int) {
        self.target = target
        self.connections = connections
        self.size = size
        self.rounds = rounds
    }

    package func run(_ report: Report) async throws {
        let workers = min(16, rounds)
        report.note("filling \(workers) mailboxes")
        let devices = try await Fleet(target: target).devices(workers)
        let mail = Mail(target: target, size: size)
        try await fill(devices, mail)
        let (fetches, fetchTime) = try await measure(count: rounds, workers: workers) { number in
            let path = "/v1/mailbox?after=0&limit=100"
            let answer = try await target.call(
                "GET", path, token: devices[number % workers].token, as: MailboxAnswer.self)
            guard answer.envelopes?.count == 100 else { throw BenchError.lost("a fetch of 100 got less") }
        }
        report.line("fetch of 100", fetches, elapsed: fetchTime, cpu: nil)
        var acks = Latencies()
        let begin = ContinuousClock.now
        for _ in 0..<max(1, rounds / workers / 10) {
            let (latencies, _) = try await measure(count: workers, workers: workers) { number in
                let answer = try await mail.poll(devices[number], PollRequest(mailbox: .init(), limit: 100))
                guard let cursor = answer.cursor else { throw BenchError.lost("a fetch has no cursor") }
                _ = try await target.call(
                    "POST", "/v1/mailbox/ack", token: devices[number].token, json: AckRequest(through: cursor),
                    as: AckAnswer.self)
            }
            acks.add(latencies)
            try await fill(devices, mail)
        }
        report.line("fetch and ack of 100", acks, elapsed: ContinuousClock.now - begin, cpu: nil)
        try await mail.empty(devices)
    }

    private func fill(_ devices: [BenchedDevice], _ mail: Mail) async throws {
        _ = try await measure(count: devices.count * 100, workers: connections) { number in
            let device = devices[number % devices.count]
            try await mail.deposit(to: device, from: device)
        }
    }
}
