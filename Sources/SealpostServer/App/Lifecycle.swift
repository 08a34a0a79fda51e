import Synchronization

/// Where the node is in its life; `/readyz` and the connections ask.
package final class Lifecycle: Sendable {
    private enum State: UInt8, AtomicRepresentable {
        case starting, ready, draining
    }

    private let state = Atomic<State>(.starting)

    package init() {}

    package var isReady: Bool { state.load(ordering: .acquiring) == .ready }
    package var isDraining: Bool { state.load(ordering: .acquiring) == .draining }

    /// The store is migrated and the port open; without effect on a node that is leaving already.
    func becomeReady() {
        _ = state.compareExchange(expected: .starting, desired: .ready, ordering: .acquiringAndReleasing)
    }

    /// The node leaves; there is no way back.
    func drain() {
        state.store(.draining, ordering: .releasing)
    }
}
