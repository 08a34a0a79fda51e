import SealpostFormats
import SodiumKit

/// One session's keys (Signal, The Double Ratchet Algorithm, revision 4, without header encryption).
///
/// A value: an operation that fails leaves it as it was, and whoever keeps the old value can go back. Persist the new
/// one before the output of an operation is used.
package struct DoubleRatchet: Sendable, Equatable {
    /// A chain and how many of its messages were sent or received.
    package struct Chain: Sendable, Equatable {
        package internal(set) var key: ChainKey
        package internal(set) var number: UInt32
    }

    /// Goes before the header into the authenticated bytes of every message.
    package let associatedData: [UInt8]
    package internal(set) var ownRatchetKey: X25519.PrivateKey
    /// The other side's, X25519; the responder knows none before the first message.
    package internal(set) var otherRatchetKey: [UInt8]?
    package internal(set) var root: RootKey
    package internal(set) var sending: Chain?
    package internal(set) var receiving: Chain?
    /// How many messages the previous sending chain had.
    package internal(set) var previousCount: UInt32 = 0
    package internal(set) var skipped = SkippedKeys()

    /// The initiator's ratchet: its first ratchet key is `ratchetKey`, the other side's is its signed prekey.
    package init(
        initiating secret: RootKey, associatedData: [UInt8], otherRatchetKey: [UInt8], ratchetKey: X25519.PrivateKey
    ) throws(RatchetError) {
        self.associatedData = associatedData
        self.otherRatchetKey = otherRatchetKey
        ownRatchetKey = ratchetKey
        let (root, chain) = secret.step(try Self.agreement(ratchetKey, otherRatchetKey))
        self.root = root
        sending = Chain(key: chain, number: 0)
    }

    /// The responder's ratchet: its first ratchet key is its signed prekey.
    package init(responding secret: RootKey, associatedData: [UInt8], ratchetKey: X25519.PrivateKey) {
        self.associatedData = associatedData
        ownRatchetKey = ratchetKey
        root = secret
    }

    /// A stored ratchet.
    init(
        associatedData: [UInt8], ownRatchetKey: X25519.PrivateKey, otherRatchetKey: [UInt8]?, root: RootKey,
        sending: Chain?, receiving: Chain?, previousCount: UInt32, skipped: SkippedKeys
    ) {
        self.associatedData = associatedData
        self.ownRatchetKey = ownRatchetKey
        self.otherRatchetKey = otherRatchetKey
        self.root = root
        self.sending = sending
        self.receiving = receiving
        self.previousCount = previousCount
        self.skipped = skipped
    }

    /// The next message; throws `noSession` for a responder who has received nothing yet.
    package mutating func encrypt(_ plaintext: [UInt8]) throws(RatchetError) -> RatchetMessage {
        guard let chain = sending else { throw .noSession }
        guard chain.number < .max else { throw .chainExhausted }
        let (next, key) = chain.key.step()
        let header = RatchetHeader(
            ratchetKey: ownRatchetKey.publicKey, previousCount: previousCount, number: chain.number)
        let ciphertext = try key.seal(plaintext, authenticating: associatedData + header.encoded())
        sending = Chain(key: next, number: chain.number + 1)
        return RatchetMessage(header: header, ciphertext: ciphertext)
    }

    /// The plaintext of a message. `newRatchetKey` is asked for at most once, when the other side's key is new.
    package mutating func decrypt(
        _ message: RatchetMessage, newRatchetKey: () throws(RatchetError) -> X25519.PrivateKey
    ) throws(RatchetError) -> [UInt8] {
        var next = self
        let key = try next.takeKey(of: message.header, newRatchetKey)
        let plaintext = try key.open(
            message.ciphertext, authenticating: associatedData + message.header.encoded())
        self = next
        return plaintext
    }

    /// Whether a message with this header comes from the chain that is being received.
    func isReceiving(_ header: RatchetHeader) -> Bool { header.ratchetKey == otherRatchetKey && receiving != nil }

    private mutating func takeKey(
        of header: RatchetHeader, _ newRatchetKey: () throws(RatchetError) -> X25519.PrivateKey
    ) throws(RatchetError) -> MessageKey {
        if let key = skipped.take(ratchetKey: header.ratchetKey, number: header.number) { return key }
        if header.ratchetKey != otherRatchetKey {
            guard header.number <= SkippedKeys.limit else { throw .tooManySkipped }
            try skip(until: header.previousCount)
            try turn(to: header.ratchetKey, with: newRatchetKey)
        }
        try skip(until: header.number)
        guard let chain = receiving, header.number < .max else { throw .authenticationFailed }
        guard header.number >= chain.number else { throw .duplicate }
        let (next, key) = chain.key.step()
        receiving = Chain(key: next, number: chain.number + 1)
        return key
    }

    /// Keeps the keys of the messages before `number` in the chain that is being received.
    private mutating func skip(until number: UInt32) throws(RatchetError) {
        guard var chain = receiving, let ratchetKey = otherRatchetKey, number > chain.number else { return }
        guard number - chain.number <= SkippedKeys.limit else { throw .tooManySkipped }
        while chain.number < number {
            let (next, key) = chain.key.step()
            skipped.add(SkippedKeys.Entry(ratchetKey: ratchetKey, number: chain.number, key: key))
            chain = Chain(key: next, number: chain.number + 1)
        }
        receiving = chain
    }

    /// Receiving chain, then new key, then sending chain.
    private mutating func turn(
        to ratchetKey: [UInt8], with newRatchetKey: () throws(RatchetError) -> X25519.PrivateKey
    ) throws(RatchetError) {
        let (receivingRoot, receivingChain) = root.step(try Self.agreement(ownRatchetKey, ratchetKey))
        let ownKey = try newRatchetKey()
        let (sendingRoot, sendingChain) = receivingRoot.step(try Self.agreement(ownKey, ratchetKey))
        previousCount = sending?.number ?? 0
        otherRatchetKey = ratchetKey
        ownRatchetKey = ownKey
        root = sendingRoot
        receiving = Chain(key: receivingChain, number: 0)
        sending = Chain(key: sendingChain, number: 0)
    }

    private static func agreement(
        _ own: X25519.PrivateKey, _ other: [UInt8]
    ) throws(RatchetError) -> WipedBytes {
        do { return try own.sharedSecret(with: other) } catch { throw .invalidAgreementKey }
    }
}
