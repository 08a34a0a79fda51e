import SealpostCore
import SodiumKit

/// Kinds as in the digest; ids are unique in a space, and KEM prekeys of both kinds share one.
package enum PrekeyKind: Int, Sendable {
    case signed = 1
    case lastResort = 2
    case sealing = 3
    case oneTime = 4
    case oneTimeKEM = 5

    package var space: Int { self == .oneTimeKEM ? PrekeyKind.lastResort.rawValue : rawValue }
}

/// A prekey of any kind as its row has it.
package struct StoredPrekey: Sendable {
    /// Used ids stay known for so long: twice as long as a client keeps the private half of a key that is gone.
    package static let givenMemory = Duration.days(90)

    package var kind: PrekeyKind
    package var id: UInt32
    /// Of a sealing key, in seconds since 1970.
    package var created: UInt64?
    package var key: [UInt8]
    package var signature: [UInt8]?

    package init(kind: PrekeyKind, id: UInt32, created: UInt64?, key: [UInt8], signature: [UInt8]?) {
        self.kind = kind
        self.id = id
        self.created = created
        self.key = key
        self.signature = signature
    }

    /// What stays of the key when it is gone, so that its id is recognised when it is uploaded again.
    package var hash: [UInt8] { Array(SHA256.hash(key).prefix(16)) }
}

extension StoredPrekey {
    package init(_ key: OneTimeKey) {
        self.init(kind: .oneTime, id: key.id, created: nil, key: key.key.bytes, signature: nil)
    }

    package init(_ key: SignedKey) {
        self.init(kind: .oneTimeKEM, id: key.id, created: nil, key: key.key.bytes, signature: key.signature.bytes)
    }
}

extension LongLivedPrekeys {
    /// The three as rows.
    package var stored: [StoredPrekey] {
        let signed = signedPrekey.body
        let lastResort = lastResortKEMPrekey.body
        let sealing = sealingKey.body
        return [
            StoredPrekey(
                kind: .signed, id: signed.id, created: nil, key: signed.key.bytes, signature: signed.signature.bytes),
            StoredPrekey(
                kind: .lastResort, id: lastResort.id, created: nil, key: lastResort.key.bytes,
                signature: lastResort.signature.bytes),
            StoredPrekey(
                kind: .sealing, id: sealing.id, created: sealing.created, key: sealing.key.bytes,
                signature: sealing.signature.bytes),
        ]
    }
}
