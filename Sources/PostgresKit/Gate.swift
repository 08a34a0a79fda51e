import Synchronization

/// Keeps a database that is away from being asked by everybody at once: after a failure one caller at a time may try to
/// connect, later and later, and the others are told the last failure at once.
final class Gate: Sendable {
    private struct State {
        var backoff = Backoff()
        var failure: PostgresError?
        var nextTry = ContinuousClock.now
        var isTrying = false
    }

    private let state = Mutex(State())

    /// Calls `connect`, or throws the last failure if it is not yet time to try again.
    func connect<Value>(_ connect: () throws(PostgresError) -> Value) throws(PostgresError) -> Value {
        let refusal = state.withLock { state -> PostgresError? in
            guard let failure = state.failure else { return nil }
            guard !state.isTrying, ContinuousClock.now >= state.nextTry else { return failure }
            state.isTrying = true
            return nil
        }
        if let refusal { throw refusal }
        do throws(PostgresError) {
            let value = try connect()
            state.withLock { $0 = State() }
            return value
        } catch {
            state.withLock { state in
                var random = SystemRandomNumberGenerator()
                state.failure = error
                state.isTrying = false
                state.nextTry = ContinuousClock.now + state.backoff.next(using: &random)
            }
            throw error
        }
    }
}
