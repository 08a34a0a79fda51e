/// A message of a session, envelope kind `01 02`: `header 40 || ct`.
package struct RatchetMessage: Hashable, Sendable {
    static let prefix: [UInt8] = [EnvelopeKind.suiteVersion, 0x02]
    static let leastLength = 2 + RatchetHeader.length + KeyLength.tag

    package let header: RatchetHeader
    /// With the tag at its end.
    package let ciphertext: [UInt8]

    package init(header: RatchetHeader, ciphertext: [UInt8]) {
        self.header = header
        self.ciphertext = ciphertext
    }

    package init(decoding envelope: [UInt8]) throws(FormatError) {
        guard envelope.count >= Self.leastLength else { throw .truncated }
        var reader = ByteReader(envelope)
        try reader.expect(Self.prefix)
        header = try RatchetHeader(from: &reader)
        ciphertext = reader.rest()
    }

    package func encoded() -> [UInt8] { Self.prefix + header.encoded() + ciphertext }
}
