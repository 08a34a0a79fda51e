/// One connection to a server, on a thread of its own. It connects when there is work for it, and again when the
/// connection was lost.
public actor PostgresConnection {
    /// After so long without work the server is asked for a sign of life first.
    private static let idleLimit = Duration.seconds(30)

    private nonisolated let executor: ThreadExecutor
    private nonisolated let settings: PostgresSettings
    private nonisolated let gate: Gate
    private nonisolated let bell: Bell
    private var session: PostgresSession?
    private var lastUse = ContinuousClock.now
    private var isClosed = false

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    public init(_ settings: PostgresSettings) throws(PostgresError) {
        try self.init(settings, gate: Gate())
    }

    init(_ settings: PostgresSettings, gate: Gate) throws(PostgresError) {
        executor = try ThreadExecutor()
        bell = try Bell()
        self.settings = settings
        self.gate = gate
    }

    /// Runs `work` on the connection's thread. Cancelling the task cancels the statement under way at the server, and
    /// the work's next one is refused.
    public nonisolated func perform<Value: Sendable>(
        _ work: @Sendable (PostgresSession) throws -> Value
    ) async throws -> Value {
        let interruption = Interruption(bell: bell)
        return try await withTaskCancellationHandler {
            try await perform(work, until: interruption)
        } onCancel: {
            interruption.raise()
        }
    }

    private func perform<Value: Sendable>(
        _ work: @Sendable (PostgresSession) throws -> Value, until interruption: Interruption
    ) throws -> Value {
        guard !interruption.isRaised else { throw PostgresError.cancelled }
        let session = try connected(interruption)
        defer {
            session.interruption = nil
            lastUse = .now
            // Goes, and closes the connection.
            if session.isBroken || session.isLeftOpen { self.session = nil }
        }
        return try work(session)
    }

    private func connected(_ interruption: Interruption) throws(PostgresError) -> PostgresSession {
        guard !isClosed else { throw .closed }
        if let session {
            session.interruption = interruption
            if session.isFit(isAsked: ContinuousClock.now - lastUse > Self.idleLimit) { return session }
            self.session = nil
            guard !interruption.isRaised else { throw .cancelled }
        }
        let new = try gate.connect { () throws(PostgresError) in
            try PostgresSession(settings, bell: bell, interruption: interruption)
        }
        session = new
        return new
    }

    /// Closes the connection when the work under way is done; later work throws `closed`.
    public func close() {
        isClosed = true
        session = nil
    }
}
