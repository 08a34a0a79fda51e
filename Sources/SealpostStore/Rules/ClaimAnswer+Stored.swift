import SealpostCore

/// A claim's answer as it is kept: a version byte, then fields in order, bytes with a u32 of their length before them.
extension ClaimAnswer {
    private static let format: UInt8 = 1

    package var stored: [UInt8] {
        var writer = StoredWriter()
        writer.bytes = [Self.format]
        writer.write(list.bytes)
        writer.write(signature.bytes)
        writer.write(UInt32(truncatingIfNeeded: bundles.count))
        for bundle in bundles {
            writer.write(bundle.device.value)
            writer.write(bundle.identityKey.bytes)
            writer.write(bundle.signedPrekey)
            writer.write(UInt32(bundle.oneTimePrekey == nil ? 0 : 1))
            if let key = bundle.oneTimePrekey {
                writer.write(key.id)
                writer.write(key.key.bytes)
            }
            writer.write(
                SignedKey(id: bundle.kemPrekey.id, key: bundle.kemPrekey.key, signature: bundle.kemPrekey.signature))
            writer.write(UInt32(bundle.kemPrekey.lastResort ? 1 : 0))
            writer.write(bundle.sealingKey.id)
            writer.write(UInt32(truncatingIfNeeded: bundle.sealingKey.created >> 32))
            writer.write(UInt32(truncatingIfNeeded: bundle.sealingKey.created))
            writer.write(bundle.sealingKey.key.bytes)
            writer.write(bundle.sealingKey.signature.bytes)
        }
        return writer.bytes
    }

    package init(stored bytes: [UInt8]) throws {
        var reader = StoredReader(bytes: bytes[...])
        guard reader.bytes.popFirst() == Self.format else { throw StoreError.corrupt("a claim of an unknown format") }
        let list = Base64(try reader.readBytes())
        let signature = Base64(try reader.readBytes())
        let bundles = try (0..<reader.readNumber()).map { _ in
            guard let device = DeviceNumber(try reader.readNumber()) else { throw StoredReader.malformed }
            let identityKey = Base64(try reader.readBytes())
            let signedPrekey = try reader.readKey()
            let hasOneTime = try reader.readNumber() == 1
            let oneTimePrekey =
                hasOneTime ? OneTimeKey(id: try reader.readNumber(), key: Base64(try reader.readBytes())) : nil
            let kem = try reader.readKey()
            let isLastResort = try reader.readNumber() == 1
            let sealingID = try reader.readNumber()
            let created = UInt64(try reader.readNumber()) << 32 | UInt64(try reader.readNumber())
            return PrekeyBundleAnswer(
                device: device, identityKey: identityKey, signedPrekey: signedPrekey, oneTimePrekey: oneTimePrekey,
                kemPrekey: .init(id: kem.id, key: kem.key, signature: kem.signature, lastResort: isLastResort),
                sealingKey: SealingKey(
                    id: sealingID, created: created, key: Base64(try reader.readBytes()),
                    signature: Base64(try reader.readBytes())))
        }
        self.init(list: list, signature: signature, bundles: bundles)
    }
}

private struct StoredWriter {
    var bytes: [UInt8] = []

    mutating func write(_ number: UInt32) {
        withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
    }

    mutating func write(_ field: [UInt8]) {
        write(UInt32(truncatingIfNeeded: field.count))
        bytes += field
    }

    mutating func write(_ key: SignedKey) {
        write(key.id)
        write(key.key.bytes)
        write(key.signature.bytes)
    }
}

private struct StoredReader {
    static let malformed = StoreError.corrupt("a claim's answer is cut short")

    var bytes: ArraySlice<UInt8>

    mutating func readNumber() throws -> UInt32 {
        guard bytes.count >= 4 else { throw Self.malformed }
        defer { bytes = bytes.dropFirst(4) }
        return bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func readBytes() throws -> [UInt8] {
        let count = Int(try readNumber())
        guard bytes.count >= count else { throw Self.malformed }
        defer { bytes = bytes.dropFirst(count) }
        return Array(bytes.prefix(count))
    }

    mutating func readKey() throws -> SignedKey {
        SignedKey(id: try readNumber(), key: Base64(try readBytes()), signature: Base64(try readBytes()))
    }
}
