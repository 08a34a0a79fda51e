/// The devices of an account, signed by its account key, so that the server can neither add nor hide one unseen.
///
/// Bytes: `"SealpostDL" || 01 || str(handle) || version u64 || previous 32 || AK 32 || count u8 ||
/// count × (number u32 || IK 32 || added u64)`.
package struct DeviceList: Hashable, Sendable {
    /// One listed device.
    package struct Entry: Hashable, Sendable {
        package let number: UInt32
        /// Ed25519, 32 bytes.
        package let identityKey: [UInt8]
        /// When it was listed, in seconds since 1970.
        package let added: UInt64

        package init(number: UInt32, identityKey: [UInt8], added: UInt64) {
            self.number = number
            self.identityKey = identityKey
            self.added = added
        }
    }

    package static let maximumDevices = 10
    static let label: StaticString = "SealpostDL"
    static let formatVersion: UInt8 = 1
    /// `previous` of the first list.
    package static let noPredecessor = [UInt8](repeating: 0, count: KeyLength.sha256)

    package let handle: String
    /// From 1, one more with each list.
    package let version: UInt64
    /// SHA-256 of the list before, zeros for version 1.
    package let previous: [UInt8]
    /// Ed25519, 32 bytes: the key that signs this list.
    package let accountKey: [UInt8]
    /// By ascending number.
    package let entries: [Entry]

    /// A list of these entries in any order; throws what a decoder would refuse.
    package init(
        handle: String, version: UInt64, previous: [UInt8], accountKey: [UInt8], entries: [Entry]
    ) throws(FormatError) {
        self.handle = handle
        self.version = version
        self.previous = previous
        self.accountKey = accountKey
        self.entries = entries.sorted { $0.number < $1.number }
        try checkShape()
    }

    /// Reads a list strictly: every field in range, numbers strictly ascending, no byte too many.
    /// Signature and keys are the business of `verified`.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes)
        var label: [UInt8] = []
        label.append(label: Self.label)
        try reader.expect(label)
        let format = try reader.byte()
        guard format == Self.formatVersion else { throw .unknownVersion(format) }
        let handleBytes = try reader.shortString()
        guard HandleSyntax.isValid(handleBytes) else { throw .invalidHandle }
        handle = String(decoding: handleBytes, as: UTF8.self)
        version = try reader.uint64()
        previous = try reader.take(KeyLength.sha256)
        accountKey = try reader.take(KeyLength.ed25519PublicKey)
        let count = Int(try reader.byte())
        guard count <= Self.maximumDevices else { throw .tooManyDevices(count) }
        var entries: [Entry] = []
        for _ in 0..<count {
            let number = try reader.uint32()
            let identityKey = try reader.take(KeyLength.ed25519PublicKey)
            entries.append(Entry(number: number, identityKey: identityKey, added: try reader.uint64()))
        }
        try reader.finish()
        self.entries = entries
        try checkShape()
    }

    /// The bytes that are signed, hashed and stored.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: Self.label)
        bytes.append(Self.formatVersion)
        bytes.append(shortString: handle)
        bytes.append(uint64: version)
        bytes += previous + accountKey
        bytes.append(UInt8(entries.count))
        for entry in entries {
            bytes.append(uint32: entry.number)
            bytes += entry.identityKey
            bytes.append(uint64: entry.added)
        }
        return bytes
    }

    /// SHA-256 of the encoded list: the `previous` of its successor.
    package func hash<Crypto: FormatCrypto>(_ crypto: Crypto.Type) -> [UInt8] { Crypto.sha256(encoded()) }

    /// The entry of a device, if it is listed.
    package func entry(_ number: UInt32) -> Entry? { entries.first { $0.number == number } }

    private func checkShape() throws(FormatError) {
        guard HandleSyntax.isValid(handle) else { throw .invalidHandle }
        guard version > 0 else { throw .versionZero }
        try previous.requireLength(KeyLength.sha256)
        guard version > 1 || previous == Self.noPredecessor else { throw .unexpectedPredecessor }
        try accountKey.requireLength(KeyLength.ed25519PublicKey)
        guard entries.count <= Self.maximumDevices else { throw .tooManyDevices(entries.count) }
        var last: UInt32 = 0
        for entry in entries {
            guard entry.number > 0 else { throw .numberZero }
            guard entry.number > last else { throw .unorderedDevices }
            try entry.identityKey.requireLength(KeyLength.ed25519PublicKey)
            last = entry.number
        }
    }
}
