import Synchronization

/// A few connections to one database.
///
/// A caller waits for a connection for a bounded time and can be cancelled meanwhile. A connection that was lost is made
/// again when it is needed; while the database is away one caller at a time tries, and the others are refused at once.
public final class PostgresPool: Sendable {
    /// What a waiter gets.
    private enum Grant {
        case connection(PostgresConnection)
        /// The right to make one.
        case make
        case refusal(PostgresError)
    }

    private typealias Waiter = CheckedContinuation<Grant, Never>

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
        for waiter in waiters { waiter.resume(returning: .refusal(.closed)) }
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
            state.withLock { $0.abandon() }?.resume(returning: .make)
            throw error
        }
    }

    private func waitForOne() async throws(PostgresError) -> PostgresConnection {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let deadline = ContinuousClock.now + patience
        // Cancelled when this function returns.
        async let _ = giveUp(id, at: deadline)
        let grant = await withTaskCancellationHandler {
            await withCheckedContinuation { (waiter: Waiter) in
                // Looked at under the lock: what comes after that finds the waiter in the queue.
                let answer = state.withLock { state -> Grant? in
                    if Task.isCancelled { return .refusal(.cancelled) }
                    if ContinuousClock.now >= deadline { return .refusal(.exhausted) }
                    return switch state.enqueue(id, waiter) {
                    case .connection(let connection): .connection(connection)
                    case .make: .make
                    case .closed: .refusal(.closed)
                    case .wait: nil
                    }
                }
                if let answer { waiter.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.remove(id) }?.resume(returning: .refusal(.cancelled))
        }
        switch grant {
        case .connection(let connection): return connection
        case .make: return try make()
        case .refusal(let error): throw error
        }
    }

    private func giveUp(_ id: UInt64, at deadline: ContinuousClock.Instant) async {
        repeat {
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
        } while ContinuousClock.now < deadline
        state.withLock { $0.remove(id) }?.resume(returning: .refusal(.exhausted))
    }

    private func release(_ connection: PostgresConnection) {
        switch state.withLock({ $0.release(connection) }) {
        case .give(let waiter): waiter.resume(returning: .connection(connection))
        // A surplus one closes when it goes.
        case .kept, .surplus: break
        }
    }
}
