import FoundationEssentials

/// The full number of a transaction, `xid8`.
///
/// Within one life of a server it is never used again. A server that crashed may give numbers again that it had given
/// shortly before, for they get into its log no earlier than what their transactions wrote; so the number is kept with
/// the life that it comes from.
public struct TransactionID: Sendable, Hashable {
    public let value: UInt64
    let life: ServerLife?

    public init(_ value: UInt64) {
        self.init(value, nil)
    }

    init(_ value: UInt64, _ life: ServerLife?) {
        self.value = value
        self.life = life
    }

    init(_ row: Row, _ life: ServerLife?) throws(PostgresError) {
        let text = try row.value(0, as: String.self)
        guard let value = UInt64(text) else { throw .unexpectedValue("no number of a transaction") }
        self.init(value, life)
    }
}

/// One life of a server, from a start or a recovery from a crash to the next. All connections end with it.
struct ServerLife: Sendable, Hashable {
    private let started: Date
    /// Those of its own processes: all of them are new after a crash of one, when the first of all goes on.
    private let processes: Set<Int32>

    static let query: Query = """
        SELECT pg_postmaster_start_time(),
            (SELECT array_agg(pid) FROM pg_stat_activity WHERE datid IS NULL AND usesysid IS NULL)
        """

    init(_ row: Row) throws(PostgresError) {
        started = try row.value(0)
        processes = Set(try row.optional(1, as: [Int32].self) ?? [])
    }

    /// False in doubt.
    func isSame(as other: ServerLife) -> Bool {
        started == other.started && !processes.isDisjoint(with: other.processes)
    }
}
