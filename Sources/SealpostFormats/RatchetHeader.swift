/// The 40 bytes before each ciphertext: `ratchet_pub || PN u32 || N u32` (Signal, Double Ratchet §3.1).
package struct RatchetHeader: Hashable, Sendable {
    package static let length = KeyLength.x25519PublicKey + 8

    /// The sender's current ratchet key, X25519.
    package let ratchetKey: [UInt8]
    /// How many messages the sender's previous sending chain had.
    package let previousCount: UInt32
    /// The message's place in its chain, from 0.
    package let number: UInt32

    package init(ratchetKey: [UInt8], previousCount: UInt32, number: UInt32) {
        self.ratchetKey = ratchetKey
        self.previousCount = previousCount
        self.number = number
    }

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        try bytes.requireLength(Self.length)
        var reader = ByteReader(bytes)
        self = try RatchetHeader(from: &reader)
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        ratchetKey = try reader.take(KeyLength.x25519PublicKey)
        previousCount = try reader.uint32()
        number = try reader.uint32()
    }

    package func encoded() -> [UInt8] {
        var bytes = ratchetKey
        bytes.append(uint32: previousCount)
        bytes.append(uint32: number)
        return bytes
    }
}
