import SealpostFormats
import SodiumKit

extension PrekeyStore {
    static let storedVersion: UInt8 = 1

    /// The whole state, secrets in the clear: to be sealed before it is stored.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = [Self.storedVersion]
        for keys in [signed, lastResort, sealing] { keys.write(to: &bytes) }
        for keys in [oneTime, oneTimeKEM] { keys.write(to: &bytes) }
        bytes.append(list: seen) { bytes, mark in
            bytes += mark.identityKey + mark.ephemeralKey
            bytes.append(uint32: mark.kemPrekeyID)
        }
        bytes.append(uint32: nextID)
        return bytes
    }

    /// A stored state; throws `unreadableState`.
    package init(serialized bytes: [UInt8]) throws(RatchetError) {
        do {
            var reader = ByteReader(bytes)
            try reader.expectVersion(Self.storedVersion)
            signed = try LongLivedKeys(from: &reader, secretLength: KeyLength.x25519PrivateKey)
            lastResort = try LongLivedKeys(from: &reader, secretLength: KeyLength.kemSeed)
            sealing = try LongLivedKeys(from: &reader, secretLength: KeyLength.sealingSeed)
            oneTime = try OneTimeKeys(from: &reader, secretLength: KeyLength.x25519PrivateKey)
            oneTimeKEM = try OneTimeKeys(from: &reader, secretLength: KeyLength.kemSeed)
            seen = try reader.list { reader throws(FormatError) in try HandshakeMark(from: &reader) }
            nextID = try reader.uint32()
            try reader.finish()
        } catch {
            throw .unreadableState
        }
    }
}

extension LongLivedKeys {
    func write(to bytes: inout [UInt8]) {
        bytes.append(isPublished ? 1 : 0)
        bytes.append(list: keys) { bytes, key in
            bytes.append(uint32: key.id)
            bytes.append(secret: key.secret)
            bytes.append(uint64: key.created)
            bytes.append(optional: key.replaced) { bytes, replaced in
                bytes.append(uint64: replaced.at)
                bytes.append(replaced.isDrained ? 1 : 0)
            }
        }
    }

    init(from reader: inout ByteReader, secretLength: Int) throws(FormatError) {
        isPublished = try reader.flag()
        keys = try reader.list { reader throws(FormatError) in
            let id = try reader.uint32()
            let secret = try reader.secret(secretLength)
            let created = try reader.uint64()
            let replaced = try reader.optional { reader throws(FormatError) in
                let at = try reader.uint64()
                return Retention.Replaced(at: at, isDrained: try reader.flag())
            }
            return LongLivedPrekey(id: id, secret: secret, created: created, replaced: replaced)
        }
    }
}

extension OneTimeKeys {
    func write(to bytes: inout [UInt8]) {
        bytes.append(list: keys) { bytes, key in
            bytes.append(uint32: key.id)
            bytes.append(secret: key.secret)
            bytes.append(key.isPublished ? 1 : 0)
            bytes.append(optional: key.missingSince) { $0.append(uint64: $1) }
        }
    }

    init(from reader: inout ByteReader, secretLength: Int) throws(FormatError) {
        keys = try reader.list { reader throws(FormatError) in
            let id = try reader.uint32()
            let secret = try reader.secret(secretLength)
            let isPublished = try reader.flag()
            let missingSince = try reader.optional { reader throws(FormatError) in try reader.uint64() }
            return OneTimePrivateKey(
                id: id, secret: secret, isPublished: isPublished, missingSince: missingSince)
        }
    }
}
