import FoundationEssentials

/// PostgreSQL's number of a type, from `pg_type`.
public struct PostgresType: Sendable, Hashable {
    public let oid: UInt32

    public init(oid: UInt32) {
        self.oid = oid
    }

    public static let bool = PostgresType(oid: 16)
    public static let bytea = PostgresType(oid: 17)
    public static let int8 = PostgresType(oid: 20)
    public static let int2 = PostgresType(oid: 21)
    public static let int4 = PostgresType(oid: 23)
    public static let text = PostgresType(oid: 25)
    public static let float8 = PostgresType(oid: 701)
    public static let timestamptz = PostgresType(oid: 1184)
    public static let uuid = PostgresType(oid: 2950)
    public static let boolArray = PostgresType(oid: 1000)
    public static let byteaArray = PostgresType(oid: 1001)
    public static let int2Array = PostgresType(oid: 1005)
    public static let int4Array = PostgresType(oid: 1007)
    public static let textArray = PostgresType(oid: 1009)
    public static let int8Array = PostgresType(oid: 1016)
    public static let float8Array = PostgresType(oid: 1022)
    public static let timestamptzArray = PostgresType(oid: 1185)
    public static let uuidArray = PostgresType(oid: 2951)
}

/// A value that a query can have as a parameter, in PostgreSQL's binary form.
public protocol PostgresEncodable {
    static var postgresType: PostgresType { get }
    /// Appends the value and answers true, or false for null.
    func encode(to bytes: inout [UInt8]) -> Bool
}

/// A value that a column can be read as, from PostgreSQL's binary form.
public protocol PostgresDecodable {
    /// Throws `unexpectedValue` if the column's type or the value does not fit.
    init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError)
}

/// A value that PostgreSQL's arrays hold. Of bytes the array is a `bytea`.
public protocol PostgresElement: PostgresEncodable {
    static var arrayType: PostgresType { get }
    static func encode(_ elements: [Self], to bytes: inout [UInt8])
    static func decode(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType
    ) throws(PostgresError) -> [Self]
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    public static var postgresType: PostgresType { Wrapped.postgresType }
    public func encode(to bytes: inout [UInt8]) -> Bool { self?.encode(to: &bytes) ?? false }
}

// MARK: - Numbers

/// Integers in their own width; read from any width that fits.
public protocol PostgresInteger: FixedWidthInteger, PostgresElement, PostgresDecodable {}

extension PostgresInteger {
    public func encode(to bytes: inout [UInt8]) -> Bool {
        withUnsafeBytes(of: bigEndian) { bytes += $0 }
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        let value: Int64
        switch (type, bytes.count) {
        case (.int2, 2): value = Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case (.int4, 4): value = Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case (.int8, 8): value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        default: throw .unexpectedValue("type \(type.oid) in \(bytes.count) bytes where \(Self.self) is read")
        }
        guard let exact = Self(exactly: value) else { throw .unexpectedValue("\(value) where \(Self.self) is read") }
        self = exact
    }
}

extension Int16: PostgresInteger {
    public static var postgresType: PostgresType { .int2 }
    public static var arrayType: PostgresType { .int2Array }
}

extension Int32: PostgresInteger {
    public static var postgresType: PostgresType { .int4 }
    public static var arrayType: PostgresType { .int4Array }
}

extension Int64: PostgresInteger {
    public static var postgresType: PostgresType { .int8 }
    public static var arrayType: PostgresType { .int8Array }
}

extension Int: PostgresInteger {
    public static var postgresType: PostgresType { .int8 }
    public static var arrayType: PostgresType { .int8Array }
}

extension Double: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .float8 }
    public static var arrayType: PostgresType { .float8Array }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        withUnsafeBytes(of: bitPattern.bigEndian) { bytes += $0 }
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        try type.expect(.float8, count: 8, in: bytes)
        self.init(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
    }
}

extension Bool: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .bool }
    public static var arrayType: PostgresType { .boolArray }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        bytes.append(self ? 1 : 0)
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        try type.expect(.bool, count: 1, in: bytes)
        self = bytes[0] != 0
    }
}

// MARK: - Text, bytes, others

/// UTF-8. PostgreSQL's text cannot hold NUL: the server refuses it (22021).
extension String: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .text }
    public static var arrayType: PostgresType { .textArray }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        bytes += utf8
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        guard Self.textTypes.contains(type.oid) else {
            throw .unexpectedValue("type \(type.oid) where text is read")
        }
        self.init(decoding: bytes, as: UTF8.self)
    }

    /// text, varchar, bpchar, name, json, unknown.
    private static let textTypes: Set<UInt32> = [25, 1043, 1042, 19, 114, 705]
}

extension UInt8: PostgresElement {
    /// Never used: a single byte has no type of its own.
    public static var postgresType: PostgresType { .bytea }
    public static var arrayType: PostgresType { .bytea }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        bytes.append(self)
        return true
    }

    public static func encode(_ elements: [UInt8], to bytes: inout [UInt8]) { bytes += elements }

    public static func decode(
        _ bytes: UnsafeRawBufferPointer, type: PostgresType
    ) throws(PostgresError) -> [UInt8] {
        guard type == .bytea else { throw .unexpectedValue("type \(type.oid) where bytea is read") }
        return [UInt8](bytes)
    }
}

extension UUID: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .uuid }
    public static var arrayType: PostgresType { .uuidArray }

    public func encode(to bytes: inout [UInt8]) -> Bool {
        withUnsafeBytes(of: uuid) { bytes += $0 }
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        try type.expect(.uuid, count: 16, in: bytes)
        self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
    }
}

/// `timestamptz`, to the microsecond.
extension Date: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .timestamptz }
    public static var arrayType: PostgresType { .timestamptzArray }

    /// 2000-01-01, from which PostgreSQL counts, in seconds since 1970.
    private static let epoch = 946_684_800.0

    public func encode(to bytes: inout [UInt8]) -> Bool {
        let microseconds = Int64(((timeIntervalSince1970 - Self.epoch) * 1_000_000).rounded())
        withUnsafeBytes(of: microseconds.bigEndian) { bytes += $0 }
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        try type.expect(.timestamptz, count: 8, in: bytes)
        let microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        self.init(timeIntervalSince1970: Self.epoch + Double(microseconds) / 1_000_000)
    }
}

extension PostgresType {
    fileprivate func expect(
        _ type: PostgresType, count: Int, in bytes: UnsafeRawBufferPointer
    ) throws(PostgresError) {
        guard self == type, bytes.count == count else {
            throw .unexpectedValue("type \(oid) in \(bytes.count) bytes where type \(type.oid) is read")
        }
    }
}

// MARK: - Arrays

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
