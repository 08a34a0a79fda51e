import FoundationEssentials

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

/// `timestamptz`, to the microsecond. What is beyond all time is infinity there.
extension Date: PostgresElement, PostgresDecodable {
    public static var postgresType: PostgresType { .timestamptz }
    public static var arrayType: PostgresType { .timestamptzArray }

    /// 2000-01-01, from which PostgreSQL counts, as seconds since 2001-01-01.
    private static let epoch = -31_622_400.0

    public func encode(to bytes: inout [UInt8]) -> Bool {
        let exact = ((timeIntervalSinceReferenceDate - Self.epoch) * 1_000_000).rounded()
        // PostgreSQL's own infinities are the ends of the range.
        let microseconds = Int64(exactly: exact) ?? (exact > 0 ? .max : .min)
        withUnsafeBytes(of: microseconds.bigEndian) { bytes += $0 }
        return true
    }

    public init(postgres bytes: UnsafeRawBufferPointer, type: PostgresType) throws(PostgresError) {
        try type.expect(.timestamptz, count: 8, in: bytes)
        let microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        guard microseconds != .max, microseconds != .min else { throw .unexpectedValue("infinity where Date is read") }
        self.init(timeIntervalSinceReferenceDate: Self.epoch + Double(microseconds) / 1_000_000)
    }
}
