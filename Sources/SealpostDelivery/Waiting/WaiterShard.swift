import SealpostCore
import SealpostStore

/// The name of one poll at this node.
package struct WaiterID: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }
}

/// Parked polls of some streams: a value whose methods change it and return whom to resume and why. It calls nobody,
/// so its lock is never held while something resumes.
///
/// A waiter is *registered* (before its poll looks into the store), then *parked*, then gone. A wake that comes while
/// it is registered is remembered, and parking then ends at once: register, then check, then park loses no wake (P6).
package struct WaiterShard<Continuation> {
    package struct Resumption {
        package let continuation: Continuation
        package let reason: WakeReason
    }

    private enum State {
        /// May become parked, or gone.
        case registered(woken: Bool)
        /// Becomes gone, with a resumption.
        case parked(Continuation, Standing, deadline: Int)
    }

    private struct Waiter {
        let stream: StreamKey
        let bearer: Bearer
        var state: State
    }

    private let limit: Int
    private var waiters: [WaiterID: Waiter] = [:]
    /// Registered and parked waiters of a stream, oldest first.
    private var streams: [StreamKey: [WaiterID]] = [:]
    /// Parked waiters by the tick at which they time out.
    private var deadlines: [Int: Set<WaiterID>] = [:]
    private var expiredThrough = 0
    private var isDraining = false

    /// - Parameter limit: polls that may be parked on one stream.
    package init(limit: Int = Limits.pollsPerMailbox) {
        self.limit = limit
    }

    package var isEmpty: Bool { waiters.isEmpty && streams.isEmpty && deadlines.isEmpty }
    /// Registered and parked polls.
    package var count: Int { waiters.count }
    package var parkedCount: Int { deadlines.values.reduce(0) { $0 + $1.count } }

    /// Announces a poll that is about to look into the store.
    package mutating func register(_ id: WaiterID, on stream: StreamKey, by bearer: Bearer) {
        waiters[id] = Waiter(stream: stream, bearer: bearer, state: .registered(woken: false))
        streams[stream, default: []].append(id)
    }

    /// Parks a registered poll until something happens; what happened since it registered happens now.
    ///
    /// - Parameters:
    ///   - standing: what the poll has seen.
    ///   - deadline: the tick at which it times out.
    ///   - isCancelled: whether the poll's task is cancelled, as seen under the lock.
    package mutating func park(
        _ id: WaiterID, at standing: Standing, deadline: Int, isCancelled: Bool, _ continuation: Continuation
    ) -> [Resumption] {
        guard var waiter = waiters[id], case .registered(let woken) = waiter.state else {
            return [Resumption(continuation: continuation, reason: .revoked)]
        }
        let reason: WakeReason? =
            isCancelled
            ? .cancelled : isDraining ? .draining : woken ? .look : deadline <= expiredThrough ? .timedOut : nil
        if let reason {
            forget(id)
            return [Resumption(continuation: continuation, reason: reason)]
        }
        waiter.state = .parked(continuation, standing, deadline: deadline)
        waiters[id] = waiter
        deadlines[deadline, default: []].insert(id)
        return supersede(on: waiter.stream)
    }

    /// Tells the polls of a stream what was committed.
    package mutating func wake(_ stream: StreamKey, _ wake: Wake) -> [Resumption] {
        (streams[stream] ?? []).compactMap { id in
            guard let waiter = waiters[id] else { return nil }
            switch waiter.state {
            case .registered:
                waiters[id]?.state = .registered(woken: true)
                return nil
            case .parked(_, let standing, _):
                if case .committed(let envelopes, let state) = wake, envelopes.first?.seq == standing.cursor.next {
                    return resume(id, .delivered(envelopes, state))
                }
                return resume(id, .look)
            }
        }
    }

    /// Makes every poll of an account look again.
    package mutating func wakeAll(of account: AccountID) -> [Resumption] {
        streams.keys.filter { $0.account == account }.flatMap { wake($0, .changed) }
    }

    /// Streams on which polls are registered or parked.
    package var openStreams: some Collection<StreamKey> { streams.keys }

    /// Tells the polls of a stream how far its mailbox is by now, as was read after `openStreams`; nil if the device is
    /// gone. Makes those look again that are behind it.
    ///
    /// A registered poll looks again whatever it finds: what it is reading may be older than what was read here, and it
    /// could park behind the re-check's back. One that has parked since is compared like any other. One that has
    /// registered since, on a stream that was not open, reads later than anything that this re-check is about.
    package mutating func recheck(_ stream: StreamKey, _ head: MailboxHead?) -> [Resumption] {
        (streams[stream] ?? []).compactMap { id in
            switch waiters[id]?.state {
            case .registered:
                waiters[id]?.state = .registered(woken: true)
                return nil
            case .parked(_, let standing, _) where standing.isBehind(head):
                return resume(id, .look)
            case .parked, nil:
                return nil
            }
        }
    }

    /// Ends the poll of a cancelled task; a poll that is not parked yet learns of it when it parks.
    package mutating func cancel(_ id: WaiterID) -> Resumption? {
        resume(id, .cancelled)
    }

    /// Removes a poll that does not park after all.
    package mutating func forget(_ id: WaiterID) {
        guard let waiter = waiters.removeValue(forKey: id) else { return }
        streams[waiter.stream]?.removeAll { $0 == id }
        if streams[waiter.stream]?.isEmpty == true {
            streams[waiter.stream] = nil
        }
        if case .parked(_, _, let deadline) = waiter.state {
            deadlines[deadline]?.remove(id)
            if deadlines[deadline]?.isEmpty == true {
                deadlines[deadline] = nil
            }
        }
    }

    /// Ends the polls whose deadline is at or before the tick.
    package mutating func expire(through tick: Int) -> [Resumption] {
        guard tick > expiredThrough else { return [] }
        let due =
            tick - expiredThrough > deadlines.count
            ? deadlines.keys.filter { $0 <= tick } : Array(expiredThrough + 1...tick)
        expiredThrough = tick
        return due.flatMap { deadlines[$0] ?? [] }.compactMap { resume($0, .timedOut) }
    }

    /// Ends the polls of bearers that are revoked. One that is not parked yet finds out when it parks.
    package mutating func release(where isRevoked: (Bearer) -> Bool) -> [Resumption] {
        waiters.filter { isRevoked($0.value.bearer) }.keys.compactMap { id in
            defer { forget(id) }
            return resume(id, .revoked)
        }
    }

    /// Ends every poll; from now on none parks.
    package mutating func drain() -> [Resumption] {
        isDraining = true
        return waiters.keys.compactMap { resume($0, .draining) }
    }

    /// Takes a parked poll out; nil if it is not parked.
    private mutating func resume(_ id: WaiterID, _ reason: WakeReason) -> Resumption? {
        guard case .parked(let continuation, _, _) = waiters[id]?.state else { return nil }
        forget(id)
        return Resumption(continuation: continuation, reason: reason)
    }

    /// Sends the oldest parked polls away while there are more than `limit`.
    private mutating func supersede(on stream: StreamKey) -> [Resumption] {
        let parked = (streams[stream] ?? []).filter { id in
            if case .parked = waiters[id]?.state { true } else { false }
        }
        return parked.dropLast(limit).compactMap { resume($0, .superseded) }
    }
}
