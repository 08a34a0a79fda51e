import CPostgres

/// The answer to a query. It owns libpq's result, and rows are read in place.
public final class Rows {
    private let result: OpaquePointer
    public let count: Int
    /// How many rows an INSERT, UPDATE or DELETE wrote.
    public let changes: Int

    /// Takes the result over.
    init(_ result: OpaquePointer) {
        self.result = result
        count = Int(PQntuples(result))
        changes = Int(String(cString: PQcmdTuples(result))) ?? 0
    }

    deinit { PQclear(result) }

    /// Such as `COMMIT`.
    var tag: String { String(cString: PQcmdStatus(result)) }

    public subscript(index: Int) -> Row {
        precondition(index >= 0 && index < count, "row \(index) of \(count)")
        return Row(rows: self, index: Int32(index))
    }

    public var first: Row? { count > 0 ? self[0] : nil }

    fileprivate func bytes(_ row: Int32, _ column: Int) throws(PostgresError) -> UnsafeRawBufferPointer? {
        guard column >= 0, column < PQnfields(result) else { throw .unexpectedValue("no column \(column)") }
        guard PQgetisnull(result, row, Int32(column)) == 0 else { return nil }
        return UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, Int32(column)), count: Int(PQgetlength(result, row, Int32(column))))
    }

    fileprivate func type(_ column: Int) -> PostgresType { PostgresType(oid: PQftype(result, Int32(column))) }
}

extension Rows: Sequence {
    public var underestimatedCount: Int { count }

    public func makeIterator() -> some IteratorProtocol<Row> {
        (0..<count).lazy.map { self[$0] }.makeIterator()
    }
}

/// One row of an answer.
public struct Row {
    fileprivate let rows: Rows
    fileprivate let index: Int32

    /// The value of a column by its place, from 0. Throws `unexpectedValue` for null, and if the type does not fit.
    public func value<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let value = try optional(column, as: type) else {
            throw .unexpectedValue("null in column \(column) where \(Value.self) is read")
        }
        return value
    }

    /// As `value`, and nil for null.
    public func optional<Value: PostgresDecodable>(
        _ column: Int, as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value? {
        // The bytes lie in the result, which lives as long as `rows`.
        guard let bytes = try rows.bytes(index, column) else { return nil }
        return try Value(postgres: bytes, type: rows.type(column))
    }

    public func isNull(_ column: Int) throws(PostgresError) -> Bool { try rows.bytes(index, column) == nil }
}
