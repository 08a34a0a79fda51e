/// Of one dimension.
extension Array: PostgresEncodable where Element: PostgresElement {
    public static var postgresType: PostgresType { Element.arrayType }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        Element.encode(self, to: &bytes)
        return true
    }
}

extension Array: PostgresDecodable where Element: PostgresElement {
    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        self = try Element.decode(bytes, type: type)
    }
}

extension PostgresElement {
    public static func encode(_ elements: [Self], to bytes: inout [UInt8]) {
        ArrayForm.write(elements, type: postgresType, to: &bytes)
    }
}

extension PostgresElement where Self: PostgresDecodable {
    public static func decode(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType
    ) throws(PostgresError) -> [Self] {
        try ArrayForm.read(bytes, type: type, as: arrayType) { (element, type) throws(PostgresError) in
            guard let element else { throw .unexpectedValue("an array with nulls") }
            return try Self(postgres: element, type: type)
        }
    }
}

/// Arrays with nulls.
extension Optional: PostgresElement where Wrapped: PostgresElement & PostgresDecodable {
    public static var arrayType: PostgresType { Wrapped.arrayType }

    public static func decode(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType
    ) throws(PostgresError) -> [Wrapped?] {
        try ArrayForm.read(bytes, type: type, as: arrayType) { (element, type) throws(PostgresError) in
            guard let element else { return nil }
            return try Wrapped(postgres: element, type: type)
        }
    }
}

/// Several `bytea` in one array.
extension Array: PostgresElement where Element == UInt8 {
    public static var arrayType: PostgresType { .byteaArray }

    public static func decode(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType
    ) throws(PostgresError) -> [[UInt8]] {
        try ArrayForm.read(bytes, type: type, as: .byteaArray) { (element, _) throws(PostgresError) in
            guard let element else { throw .unexpectedValue("an array with nulls") }
            return [UInt8](element)
        }
    }
}

/// The binary form of arrays: dimensions, whether there are nulls, the elements' type; for each dimension its length
/// and lower bound; for each element its length and bytes (`array_send` of PostgreSQL).
private enum ArrayForm {
    static func write<Element: PostgresEncodable>(_ elements: [Element], type: PostgresType, to bytes: inout [UInt8]) {
        func append(_ number: Int32) { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }
        append(elements.isEmpty ? 0 : 1)
        let flags = bytes.count
        append(0)
        append(Int32(bitPattern: type.oid))
        guard !elements.isEmpty else { return }
        append(Int32(elements.count))
        append(1)
        for element in elements {
            let start = bytes.count
            append(-1)
            if element.encode(to: &bytes) {
                let length = Int32(bytes.count - start - 4).bigEndian
                withUnsafeBytes(of: length) { bytes.replaceSubrange(start..<start + 4, with: $0) }
            } else {
                bytes[flags + 3] = 1
            }
        }
    }

    static func read<Element>(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType, as expected: PostgresType,
        _ decode: (UnsafeRawBufferPointer?, PostgresType) throws(PostgresError) -> Element
    ) throws(PostgresError) -> [Element] {
        guard type == expected else { throw .unexpectedValue("type \(type.oid) where type \(expected.oid) is read") }
        var offset = 0
        func number() throws(PostgresError) -> Int32 {
            guard offset + 4 <= bytes.count else { throw PostgresError.unexpectedValue("an array that is cut short") }
            defer { offset += 4 }
            return Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self))
        }
        let dimensions = try number()
        _ = try number()
        let element = PostgresType(oid: UInt32(bitPattern: try number()))
        guard dimensions > 0 else { return [] }
        guard dimensions == 1 else { throw .unexpectedValue("an array of \(dimensions) dimensions") }
        let count = try number()
        _ = try number()
        guard count >= 0, Int(count) <= bytes.count / 4 else { throw .unexpectedValue("an array that is cut short") }
        var elements: [Element] = []
        elements.reserveCapacity(Int(count))
        for _ in 0..<count {
            let length = Int(try number())
            guard length >= 0 else {
                elements.append(try decode(nil, element))
                continue
            }
            guard offset + length <= bytes.count else { throw .unexpectedValue("an array that is cut short") }
            elements.append(try decode(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]), element))
            offset += length
        }
        return elements
    }
}
