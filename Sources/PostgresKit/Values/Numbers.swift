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
