import SealpostCore
import SealpostStore
import Synchronization

/// Tells whether a caller's device may deposit and claim, without a look into the store for each deposit.
///
/// That a device is listed is believed for a moment; that it is pending, never. So a device that a new list leaves out
/// may deposit for at most that moment longer, and at this node, which forgets on a change, not at all.
package final class ListedDevices: Sendable {
    static let belief = Duration.seconds(5)
    private static let capacity = 20_000

    private struct State {
        var seen: [MailboxKey: ContinuousClock.Instant] = [:]
        /// Counts what was forgotten: a look that began before says nothing any more.
        var generation = 0
    }

    private let store: any MailStore
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    package init(
        store: any MailStore, now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.store = store
        self.now = now
    }

    /// Throws `device_pending` for a device that its account's list does not name. A session without a device, and
    /// a device of many callers that was just looked up, pass.
    package func require(_ device: MailboxKey?) async throws {
        guard let device else { return }
        let (isKnown, generation) = look(up: device)
        guard !isKnown else { return }
        switch try await store.devices(of: device.account).first(where: { $0.number == device.device })?.state {
        case .listed, .dormant:
            remember(device, since: generation)
        case .pending:
            throw Problem(.devicePending, "first store a device list that names device \(device.device)")
        case nil:
            throw Problem(.invalidToken, "the device was removed")
        }
    }

    /// Forgets what is believed of an account's devices: its list or its devices changed.
    package func forget(_ account: AccountID) {
        state.withLock { state in
            state.seen = state.seen.filter { $0.key.account != account }
            state.generation += 1
        }
    }

    private func look(up device: MailboxKey) -> (isKnown: Bool, generation: Int) {
        let now = now()
        return state.withLock { state in
            (state.seen[device].map { now - $0 < Self.belief } ?? false, state.generation)
        }
    }

    private func remember(_ device: MailboxKey, since generation: Int) {
        let now = now()
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.seen.count >= Self.capacity {
                state.seen = state.seen.filter { now - $0.value < Self.belief }
            }
            if state.seen.count >= Self.capacity {
                state.seen = [:]
            }
            state.seen[device] = now
        }
    }
}
