import Dispatch
import SealpostCore
import SodiumKit
import Synchronization

/// Makes and checks password hashes on a few threads of its own, because each takes tens of milliseconds and a lot of
/// memory. Bounded in both: so many at once, so many waiting, and then callers are sent away.
package final class PasswordPool: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let cost: Argon2idCost
    private let workers: Int
    private let queueLimit: Int
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "sealpost.passwords", attributes: .concurrent)
    /// Of no password: what is checked for accounts that do not exist, so that they take as long as others.
    private let dummy: String

    /// - Parameters:
    ///   - workers: hashes computed at once; each takes the cost's memory.
    ///   - queueLimit: calls that may wait for a worker.
    package init(cost: Argon2idCost, workers: Int, queueLimit: Int) throws(SodiumError) {
        self.cost = cost
        self.workers = max(1, workers)
        self.queueLimit = queueLimit
        dummy = try PasswordHash.hash(Random.bytes(32), cost: cost)
    }

    /// The string to store for a password.
    package func hash(_ password: String) async throws -> String {
        let cost = self.cost
        return try await run { Result { try PasswordHash.hash(Array(password.utf8), cost: cost) } }.get()
    }

    /// Whether the password is the one that was hashed; without a hash false, after the same time.
    package func verify(_ password: String, against hash: String?) async throws(Problem) -> Bool {
        let dummy = self.dummy
        return try await run {
            let isMatch = PasswordHash.verify(Array(password.utf8), against: hash ?? dummy)
            return isMatch && hash != nil
        }
    }

    private func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws(Problem) -> Value {
        let value: Value? = await withCheckedContinuation { continuation in
            let isTaken = submit { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let value else {
            throw Problem(.unavailable, "too many passwords are being checked right now", retryAfter: 1)
        }
        return value
    }

    /// False if as many are waiting as may.
    private func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        enum Action { case start, wait, refuse }
        let action = state.withLock { state -> Action in
            if state.running < workers {
                state.running += 1
                return .start
            }
            guard state.waiting.count < queueLimit else { return .refuse }
            state.waiting.append(job)
            return .wait
        }
        switch action {
        case .start: queue.async { self.work(job) }
        case .wait: break
        case .refuse: return false
        }
        return true
    }

    private func work(_ first: @Sendable () -> Void) {
        first()
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
