import Foundation
import Synchronization

/// Leave to run a service: few at a time, so that tests that run beside each other do not starve each other's
/// processes. Given back when nobody holds it any more.
final class Permit: Sendable {
    private struct State {
        var free = max(3, ProcessInfo.processInfo.activeProcessorCount * 2)
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private static let state = Mutex(State())

    private init() {}

    static func take() async -> Permit {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        return Permit()
    }

    deinit {
        let next = Self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.free += 1
            return nil
        }
        next?.resume()
    }
}
