extension [UInt8] {
    package mutating func append(uint32 value: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
    }

    package mutating func append(uint64 value: UInt64) {
        for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    /// `str(x)`: one length byte and the bytes, which are those of a handle, an address or a suite's name.
    ///
    /// All of these are at most 255 bytes long by their own syntax; what is longer is cut, so that nothing can
    /// be read back as another value.
    package mutating func append(shortString text: String) {
        let bytes = Array(text.utf8.prefix(255))
        append(UInt8(bytes.count))
        append(contentsOf: bytes)
    }

    package mutating func append(label: StaticString) {
        label.withUTF8Buffer { append(contentsOf: $0) }
    }

    package func requireLength(_ expected: Int) throws(FormatError) {
        guard count == expected else { throw .wrongLength(expected: expected, actual: count) }
    }
}
