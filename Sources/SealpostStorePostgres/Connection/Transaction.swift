import PostgresKit
import SealpostCore
import SealpostStore

/// One transaction under way: the connection, the time it sees, and the keyring.
///
/// The extensions of this type are the store; each call of `MailStore` is one method here. It lives on the connection's
/// thread.
struct Transaction {
    let postgres: PostgresTransaction
    /// The store's time, taken when the transaction began; everything in it happens at this moment.
    let now: Timestamp
    let keyring: Keyring
    /// Called between the reads of a fetch; for tests that commit something in between.
    let betweenReads: (@Sendable () -> Void)?
    /// Whether locks that somebody else holds are passed over instead of waited for.
    var skipsLocked = false

    /// Behind a subquery of LATERAL: it is planned by itself, and so enters its index by all of the key. Planned together
    /// with the rest it may be read by the account alone, for all that the planner knows of how much an account has.
    static let fence = "OFFSET 0"

    @discardableResult
    func run(_ query: Query) throws(PostgresError) -> Rows { try postgres.run(query) }

    /// The first row.
    func row(_ query: Query) throws(PostgresError) -> Row? { try postgres.run(query).first }

    /// Several queries in one round trip.
    func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] { try postgres.pipeline(queries) }

    /// A query whose answer does not matter, sent with what comes next, at the latest with COMMIT.
    func later(_ query: Query) { postgres.later(query) }

    /// Several reads of one snapshot, in one round trip: or, when something is to happen in between, one by one.
    func reads(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        guard let betweenReads else { return try pipeline(queries) }
        var rows: [Rows] = []
        for query in queries {
            if !rows.isEmpty { betweenReads() }
            rows.append(try run(query))
        }
        return rows
    }
}
