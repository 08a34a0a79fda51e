import CPostgres

extension PostgresSession {
    /// What a transaction may do and sees.
    public enum Mode: Sendable {
        /// Each statement sees what was committed before it.
        case readWrite
        /// All statements see the same, and may not write.
        case snapshot
    }

    /// Runs `body` in a transaction and commits it. BEGIN goes out with its first statements. A body that throws is
    /// rolled back. Throws `commitUnknown` if the connection broke while COMMIT was under way.
    ///
    /// A task that is cancelled when COMMIT was sent waits for its answer: a server would end the wait for its standby
    /// then, and call the transaction committed.
    public func transaction<Value>(
        _ mode: Mode = .readWrite, _ body: (PostgresTransaction) throws -> Value
    ) throws -> Value {
        precondition(!isInTransaction, "transactions do not nest")
        isInTransaction = true
        transactionID = nil
        prefix =
            switch mode {
            case .readWrite: ["BEGIN", "SELECT pg_current_xact_id()::text"]
            case .snapshot: ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
            }
        defer {
            isInTransaction = false
            prefix = []
        }
        let transaction = PostgresTransaction(session: self, mode: mode)
        do {
            let value = try body(transaction)
            if !transaction.isFinished { try transaction.commit() }
            return value
        } catch {
            prefix = []
            if !isBroken, isLeftOpen { rollBack() }
            throw error
        }
    }

    private func rollBack() {
        // Whatever cancelled the transaction does not cancel its end.
        let cause = interruption
        interruption = nil
        defer { interruption = cause }
        do throws(PostgresError) {
            _ = try pipeline(["ROLLBACK"], within: patience)
        } catch {
            // In doubt the server rolls back by itself when the connection goes.
            isBroken = true
        }
    }
}

/// A transaction under way, to be used inside the body that it was given to.
public final class PostgresTransaction {
    public let session: PostgresSession
    public private(set) var isFinished = false
    private let mode: PostgresSession.Mode
    /// What goes out before the next queries.
    private var deferred: [Query] = []
    /// What ended it early: nothing more is run, for it would be outside of any transaction.
    private var failure: PostgresError?

    init(session: PostgresSession, mode: PostgresSession.Mode) {
        self.session = session
        self.mode = mode
    }

    @discardableResult
    public func run(_ query: Query) throws(PostgresError) -> Rows { try pipeline([query])[0] }

    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        precondition(!isFinished, "nothing follows a commit")
        if let failure { throw failure }
        let all = deferred + queries
        let hidden = deferred.count
        deferred = []
        do throws(PostgresError) {
            return Array(try session.pipeline(all)[hidden...])
        } catch {
            if session.prefix.isEmpty, session.isBroken || !session.isLeftOpen { failure = error }
            throw error
        }
    }

    /// Runs a query whose answer does not matter with what comes next, at the latest with COMMIT.
    public func later(_ query: Query) {
        precondition(!isFinished, "nothing follows a commit")
        deferred.append(query)
    }

    /// Runs the last queries and commits, in one round trip. Nothing can follow.
    ///
    /// When nothing was run before they take two: a commit in doubt can be settled by the transaction's number alone, so
    /// COMMIT is not sent before that is known.
    @discardableResult
    public func commit(with queries: [Query] = []) throws(PostgresError) -> [Rows] {
        precondition(!isFinished, "a transaction ends once")
        if let failure { throw failure }
        var last = deferred + queries
        let hidden = deferred.count
        deferred = []
        var rows: [Rows] = []
        if !session.prefix.isEmpty {
            // Nothing was sent and nothing is to be: there is no transaction.
            if last.isEmpty {
                session.prefix = []
                isFinished = true
                return []
            }
            if case .readWrite = mode {
                rows = try pipeline(last)
                last = []
            }
        }
        isFinished = true
        do throws(PostgresError) {
            return Array((try rows + session.commit(with: last)).dropFirst(hidden))
        } catch {
            throw doubt(error)
        }
    }

    /// What an error during COMMIT means.
    private func doubt(_ error: PostgresError) -> PostgresError {
        guard let id = session.transactionID else { return error }
        switch error {
        case .connectionLost, .timedOut: return .commitUnknown(id)
        case .server(let server) where server.leavesDoubt: return .commitUnknown(id)
        default: return error
        }
    }
}

extension ServerError {
    /// Whether somebody between us and the database does not know, either, what became of a COMMIT.
    fileprivate var leavesDoubt: Bool { state.kind == "08" || state == SQLState("40003") }
}
