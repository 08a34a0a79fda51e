import SealpostCore
import SealpostStore
import Synchronization

/// What this node knows of the revocation log, so that authentication reads no database.
package final class RevocationTable: Sendable {
    package enum Verdict: Sendable, Hashable {
        case valid
        case revoked
        /// The last good read of the log is too long ago to tell.
        case stale
    }

    /// After this long without a good read of the log no revocable bearer is accepted.
    package static let patience = Duration.seconds(10)

    private struct State {
        var revoked: [RevokedSubject: Timestamp] = [:]
        var lastNumber: Int64 = 0
        var lastGoodRead: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> ContinuousClock.Instant

    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }) {
        self.now = now
    }

    package func check(_ bearer: Bearer) -> Verdict {
        state.withLock { state in
            guard let last = state.lastGoodRead, now() - last <= Self.patience else { return .stale }
            return bearer.subjects.contains { state.revoked[$0] != nil } ? .revoked : .valid
        }
    }

    /// Where the next read of the log begins.
    package var lastNumber: Int64 { state.withLock(\.lastNumber) }

    /// Takes in a good read of the log and drops what is over.
    package func apply(_ revocations: [Revocation]) {
        let wallClock = Timestamp.now
        state.withLock { state in
            state.lastGoodRead = now()
            guard !revocations.isEmpty else { return }
            state.revoked = state.revoked.filter { $0.value >= wallClock }
            for revocation in revocations {
                state.revoked[revocation.subject] = revocation.until
                state.lastNumber = max(state.lastNumber, revocation.number)
            }
        }
    }
}
