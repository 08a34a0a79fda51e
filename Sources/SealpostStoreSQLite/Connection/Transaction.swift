import FoundationEssentials
import GRDB
import SealpostCore
import SealpostStore

/// One transaction under way: the connection, the time it sees, and the keyring.
///
/// The extensions of this type are the store; each call of `MailStore` is one method here. Not sendable: it lives on
/// the connection's queue.
struct Transaction {
    let db: Database
    /// The store's time, taken when the transaction began; everything in it happens at this moment.
    let now: Timestamp
    let keyring: Keyring

    /// Runs a statement that returns no rows.
    func run(_ sql: String, _ arguments: StatementArguments = []) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// The first row, copied.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(db.cachedStatement(sql: sql), arguments: arguments)
    }

    /// Calls `body` with each row, valid only during the call, until it returns false.
    func eachRow(_ sql: String, _ arguments: StatementArguments, _ body: (Row) throws -> Bool) throws {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        while let row = try rows.next() {
            guard try body(row) else { return }
        }
    }

    /// Every row, read as something.
    func rows<T>(_ sql: String, _ arguments: StatementArguments, _ read: (Row) throws -> T) throws -> [T] {
        var values: [T] = []
        try eachRow(sql, arguments) {
            values.append(try read($0))
            return true
        }
        return values
    }

    /// How many rows the last statement changed.
    var changes: Int { db.changesCount }
}
