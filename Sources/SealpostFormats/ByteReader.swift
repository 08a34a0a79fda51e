/// Reads big-endian fields from the front of bytes and never beyond their end.
package struct ByteReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes[...]
        position = 0
    }

    /// How many bytes are left.
    package var remaining: Int { bytes.endIndex - position }

    package mutating func byte() throws(FormatError) -> UInt8 {
        guard remaining >= 1 else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func uint32() throws(FormatError) -> UInt32 {
        guard remaining >= 4 else { throw .truncated }
        var value: UInt32 = 0
        for _ in 0..<4 { value = value << 8 | UInt32(try byte()) }
        return value
    }

    package mutating func uint64() throws(FormatError) -> UInt64 {
        guard remaining >= 8 else { throw .truncated }
        var value: UInt64 = 0
        for _ in 0..<8 { value = value << 8 | UInt64(try byte()) }
        return value
    }

    package mutating func take(_ count: Int) throws(FormatError) -> [UInt8] {
        guard count >= 0, remaining >= count else { throw .truncated }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// One length byte and that many bytes.
    package mutating func shortString() throws(FormatError) -> [UInt8] {
        try take(Int(try byte()))
    }

    /// Everything that is left.
    package mutating func rest() -> [UInt8] {
        defer { position = bytes.endIndex }
        return Array(bytes[position...])
    }

    package mutating func expect(_ label: [UInt8]) throws(FormatError) {
        guard remaining >= label.count else { throw .truncated }
        guard try take(label.count) == label else { throw .wrongLabel }
    }

    /// Refuses bytes after the last field.
    package func finish() throws(FormatError) {
        guard remaining == 0 else { throw .trailingBytes }
    }
}
