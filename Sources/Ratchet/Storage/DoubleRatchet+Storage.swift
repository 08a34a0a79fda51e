import SealpostFormats
import SodiumKit

extension DoubleRatchet {
    func write(to bytes: inout [UInt8]) {
        bytes.append(counted: associatedData)
        bytes.append(secret: ownRatchetKey.scalar)
        bytes.append(optional: otherRatchetKey) { $0 += $1 }
        bytes.append(secret: root.bytes)
        bytes.append(optional: sending) { $1.write(to: &$0) }
        bytes.append(optional: receiving) { $1.write(to: &$0) }
        bytes.append(uint32: previousCount)
        bytes.append(list: skipped.entries) { bytes, entry in
            bytes += entry.ratchetKey
            bytes.append(uint32: entry.number)
            bytes.append(secret: entry.key.bytes)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let associatedData = try reader.counted()
        let ownRatchetKey = try reader.agreementKey()
        let otherRatchetKey = try reader.optional { reader throws(FormatError) in
            try reader.take(KeyLength.x25519PublicKey)
        }
        let root = RootKey(try reader.secret(32))
        let sending = try reader.optional { reader throws(FormatError) in try Chain(from: &reader) }
        let receiving = try reader.optional { reader throws(FormatError) in try Chain(from: &reader) }
        let previousCount = try reader.uint32()
        let entries = try reader.list { reader throws(FormatError) in
            let ratchetKey = try reader.take(KeyLength.x25519PublicKey)
            let number = try reader.uint32()
            return SkippedKeys.Entry(
                ratchetKey: ratchetKey, number: number, key: MessageKey(try reader.secret(32)))
        }
        self.init(
            associatedData: associatedData, ownRatchetKey: ownRatchetKey, otherRatchetKey: otherRatchetKey,
            root: root, sending: sending, receiving: receiving, previousCount: previousCount,
            skipped: SkippedKeys(entries: entries))
    }
}

extension DoubleRatchet.Chain {
    func write(to bytes: inout [UInt8]) {
        bytes.append(secret: key.bytes)
        bytes.append(uint32: number)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let key = ChainKey(try reader.secret(32))
        self.init(key: key, number: try reader.uint32())
    }
}
