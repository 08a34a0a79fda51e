import SealpostFormats
import SodiumKit

/// One ratchet with a peer device and what is known about its handshake. Times in seconds since 1970.
package struct Session: Sendable, Equatable {
    package internal(set) var ratchet: DoubleRatchet
    package let mark: HandshakeMark
    /// The initiator repeats its handshake on every message until the first answer.
    package internal(set) var unanswered: PrekeyMessage.Handshake?
    /// When the handshake was made or received; for the initiator also its bundle's claim.
    package let created: UInt64
    package let claimed: UInt64
    /// How many messages it encrypted and decrypted.
    package internal(set) var messageCount: UInt32 = 0
    /// When it stopped being the active one.
    package internal(set) var archived: UInt64?

    /// A session is replaced after 30 days…
    package static let life: UInt64 = 30 * 86_400
    /// …or so many messages.
    package static let maximumMessages: UInt32 = 1_000
    /// An archived session is kept for 45 days.
    package static let archiveLife: UInt64 = 45 * 86_400

    /// The envelope of the next message.
    mutating func encrypt(_ padded: [UInt8]) throws(RatchetError) -> [UInt8] {
        let message = try ratchet.encrypt(padded)
        messageCount &+= 1
        guard let handshake = unanswered else { return message.encoded() }
        return PrekeyMessage(handshake: handshake, message: message).encoded()
    }

    /// The content of a message.
    mutating func decrypt<Platform: RatchetPlatform>(
        _ message: RatchetMessage, platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        var next = ratchet
        let padded = try next.decrypt(message) { () throws(RatchetError) in try Platform.newAgreementKey() }
        let content = try Padding.unpad(padded)
        ratchet = next
        unanswered = nil
        messageCount &+= 1
        return content
    }
}
