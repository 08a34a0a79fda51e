import Synchronization

/// A few connections to one database.
///
/// A caller waits for a connection for a bounded time and can be cancelled meanwhile. A connection that was lost is made
/// again when it is needed; while the database is away one caller at a time tries, and the others are refused at once.
public final class PostgresPool: Sendable {
    private typealias Waiter = CheckedContinuation<Result<PostgresConnection, PostgresError>, Never>

    private let settings: PostgresSettings
    private let patience: Duration
    private let gate = Gate()
    private let state: Mutex<PoolState<PostgresConnection, Waiter>>
    private let lastID = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - limit: connections at most, at least 1.
    ///   - patience: how long a caller waits for a connection to become free.
    public init(_ settings: PostgresSettings, limit: Int, patience: Duration = .seconds(5)) {
        self.settings = settings
        self.patience = patience
        state = Mutex(PoolState(limit: max(1, limit)))
    }

    /// Callers that wait for a connection.
    public var waiting: Int { state.withLock(\.waiting) }
    /// Connections that somebody works with.
    public var leased: Int { state.withLock(\.leased) }

    /// Runs `work` on a connection of the pool; see `PostgresConnection.perform`.
    public func perform<Value: Sendable>(
        _ work: @Sendable (PostgresSession) throws -> Value
    ) async throws -> Value {
        let connection = try await lease()
        defer { release(connection) }
        return try await connection.perform(work)
    }

    /// Refuses callers from now on, and closes each connection when its work is done.
    public func close() async {
        let (waiters, free) = state.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .failure(.closed)) }
        for connection in free { await connection.close() }
    }

    // MARK: Leases

    private func lease() async throws(PostgresError) -> PostgresConnection {
        switch state.withLock({ $0.lease() }) {
        case .connection(let connection): return connection
        case .make: return try make()
        case .closed: throw .closed
        case .wait: return try await waitForOne()
        }
    }

    private func make() throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            return try PostgresConnection(settings, gate: gate)
        } catch {
            state.withLock { $0.abandon() }
            throw error
        }
    }

    private func waitForOne() async throws(PostgresError) -> PostgresConnection {
        let id = lastID.add(1, ordering: .relaxed).newValue
        // Cancelled when this function returns.
        async let _ = giveUp(id, after: patience)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                // Looked at under the lock: a cancellation after that finds the waiter in the queue.
                let lease = state.withLock { state in
                    Task.isCancelled ? nil : state.enqueue(id, waiter)
                }
                switch lease {
                case nil: waiter.resume(returning: .failure(.cancelled))
                case .wait: break
                case .closed: waiter.resume(returning: .failure(.closed))
                case .connection(let connection): waiter.resume(returning: .success(connection))
                case .make: waiter.resume(returning: Result { () throws(PostgresError) in try make() })
                }
            }
        } onCancel: {
            state.withLock { $0.remove(id) }?.resume(returning: .failure(.cancelled))
        }
        return try result.get()
    }

    private func giveUp(_ id: UInt64, after patience: Duration) async {
        guard (try? await Task.sleep(for: patience)) != nil else { return }
        state.withLock { $0.remove(id) }?.resume(returning: .failure(.exhausted))
    }

    private func release(_ connection: PostgresConnection) {
        let waiter = state.withLock { $0.release(connection) }
        waiter?.resume(returning: .success(connection))
    }
}

// MARK: - Commits in doubt

extension PostgresPool {
    /// What became of a transaction.
    public enum Outcome: Sendable, Hashable {
        case committed
        case rolledBack
    }

    /// Asks the server what became of a transaction whose COMMIT got no answer, again and again while the server cannot
    /// be reached or the transaction is still under way there. Throws what kept it from knowing when the time is over.
    public func outcome(of transaction: TransactionID, within limit: Duration) async throws -> Outcome {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                let status = try await perform { session in
                    try session.run("SELECT pg_xact_status(\(String(transaction.value))::xid8)")[0].optional(
                        0, as: String.self)
                }
                switch status {
                case "committed": return .committed
                case "aborted": return .rolledBack
                case "in progress" where ContinuousClock.now < deadline: break
                default: throw PostgresError.commitUnknown(transaction)
                }
            } catch let error as PostgresError {
                guard error.isTransient, ContinuousClock.now < deadline else { throw error }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension PostgresError {
    /// Whether the same may succeed soon on another connection: the server was away, or a deadlock was broken.
    public var isTransient: Bool {
        switch self {
        case .unreachable, .connectionLost: true
        case .server(let error):
            error.state.endsConnection || error.state == .deadlockDetected || error.state == .serializationFailure
        case .exhausted, .timedOut, .commitUnknown, .cancelled, .unexpectedValue, .closed: false
        }
    }
}
