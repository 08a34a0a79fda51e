/// A statement with its parameters. What is interpolated becomes a parameter and never part of the text:
///
/// ```swift
/// try session.run("SELECT handle FROM account WHERE id = \(id)")
/// ```
///
/// Every text is prepared once a connection, so it must not vary with values.
public struct Query: Sendable, ExpressibleByStringInterpolation {
    /// With `$1`, `$2`, … in the places of the parameters.
    public private(set) var sql: String
    private(set) var types: [UInt32] = []
    /// The parameters' binary forms, one behind the other.
    private(set) var bytes: [UInt8] = []
    /// −1: null.
    private(set) var lengths: [Int32] = []

    public init(stringLiteral value: String) {
        sql = value
    }

    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.query
    }

    /// A text without parameters that is not written in the code. Whoever passes something on in it that came from
    /// outside has built an injection.
    public init(unsafeSQL: String) {
        sql = unsafeSQL
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var query = Query(stringLiteral: "")

        public init(literalCapacity: Int, interpolationCount: Int) {
            query.sql.reserveCapacity(literalCapacity + 3 * interpolationCount)
            query.types.reserveCapacity(interpolationCount)
            query.lengths.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { query.sql += literal }

        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value) {
            query.add(value)
            query.sql += "$\(query.types.count)"
        }

        /// Null for nil.
        public mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            query.add(value)
            query.sql += "$\(query.types.count)"
        }

        /// Text of the statement that is put together from constants, such as lists of columns.
        public mutating func appendInterpolation(unsafeSQL: String) { query.sql += unsafeSQL }
    }

    private mutating func add<Value: PostgresEncodable>(_ value: Value) {
        precondition(types.count < 65_535, "more parameters than PostgreSQL takes: use an array")
        types.append(Value.postgresType.oid)
        let start = bytes.count
        lengths.append(value.encode(to: &bytes) ? Int32(bytes.count - start) : -1)
    }
}
