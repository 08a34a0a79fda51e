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
