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
