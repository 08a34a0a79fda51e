/// What `GET /v1/devices/{n}/prekeys` answers, so that device and server notice when they disagree:
/// SHA-256 of `"SealpostPK" || 01 || for each key by (kind, id): kind u8 || id u32 || key || signature if any`.
package struct PrekeyDigest: Sendable {
    package enum Kind: UInt8, Sendable {
        case signed = 1
        case lastResort = 2
        case sealing = 3
        case oneTime = 4
        case oneTimeKEM = 5
    }

    private struct Entry {
        let kind: Kind
        let id: UInt32
        let bytes: [UInt8]
    }

    private var entries: [Entry] = []

    package init() {}

    /// Adds a key; the order of additions does not matter. One-time X25519 keys have no signature.
    package mutating func add(_ kind: Kind, id: UInt32, key: [UInt8], signature: [UInt8] = []) {
        entries.append(Entry(kind: kind, id: id, bytes: key + signature))
    }

    package mutating func add(_ key: SignedPrekey) { add(.signed, id: key.id, key: key.key, signature: key.signature) }

    package mutating func add(lastResort key: KEMPrekey) {
        add(.lastResort, id: key.id, key: key.key, signature: key.signature)
    }

    package mutating func add(_ key: SealingKey) { add(.sealing, id: key.id, key: key.key, signature: key.signature) }

    package mutating func add(_ key: OneTimePrekey) { add(.oneTime, id: key.id, key: key.key) }

    package mutating func add(oneTime key: KEMPrekey) {
        add(.oneTimeKEM, id: key.id, key: key.key, signature: key.signature)
    }

    /// The digest, 32 bytes.
    package func value<Crypto: FormatCrypto>(_ crypto: Crypto.Type) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: "SealpostPK")
        bytes.append(0x01)
        let ordered = entries.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }
        for entry in ordered {
            bytes.append(entry.kind.rawValue)
            bytes.append(uint32: entry.id)
            bytes += entry.bytes
        }
        return Crypto.sha256(bytes)
    }
}
