import Synchronization

/// Keeps a database that is away from being asked by everybody at once: after a failure one caller at a time may try to
/// connect, later and later, and the others are told the last failure at once.
final class Gate: Sendable {
    fileprivate struct State {
        var backoff = Backoff()
        var failure: PostgresError?
        var nextTry = ContinuousClock.now
        var isTrying = false
        /// Grows with what is learned: one who began to connect before has nothing to add.
        var round: UInt64 = 0
    }

    private enum Leave {
        case refused(PostgresError)
        case given(round: UInt64, isTrier: Bool)
    }

    private let state = Mutex(State())

    /// Calls `connect`, or throws the last failure if it is not yet time to try again.
    func connect<Value>(_ connect: () throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        let leave = state.withLock { state -> Leave in
            guard let failure = state.failure else { return .given(round: state.round, isTrier: false) }
            guard !state.isTrying, ContinuousClock.now >= state.nextTry else { return .refused(failure) }
            state.isTrying = true
            return .given(round: state.round, isTrier: true)
        }
        switch leave {
        case .refused(let failure): throw failure
        case .given(let round, let isTrier):
            do throws(PostgresError) {
                let value = try connect()
                state.withLock { $0 = State(round: $0.round + 1) }
                return value
            } catch {
                state.withLock { $0.fail(error, round: round, isTrier: isTrier) }
                throw error
            }
        }
    }
}

extension Gate.State {
    fileprivate mutating func fail(_ error: PostgresError, round: UInt64, isTrier: Bool) {
        if isTrier { isTrying = false }
        // One that was called off says nothing about the database.
        guard round == self.round, error != .cancelled else { return }
        var random = SystemRandomNumberGenerator()
        self.round += 1
        failure = error
        nextTry = .now + backoff.next(using: &random)
    }
}
