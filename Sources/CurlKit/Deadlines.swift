/// When transfers that may have to wait for a connection run out of time, soonest first: a binary heap.
///
/// libcurl 7.88 does not look at the timeouts of a transfer that has no connection yet. Those that have finished since
/// are dropped when they come up.
struct Deadlines {
    private var heap: [(instant: ContinuousClock.Instant, transfer: Transfer)] = []

    /// The soonest of a transfer that has not finished.
    var first: ContinuousClock.Instant? {
        mutating get {
            while let first = heap.first, case .finished = first.transfer.phase { removeFirst() }
            return heap.first?.instant
        }
    }

    mutating func insert(_ transfer: Transfer, at instant: ContinuousClock.Instant) {
        heap.append((instant, transfer))
        var child = heap.count - 1
        while child > 0, heap[child].instant < heap[(child - 1) / 2].instant {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes out a transfer whose time is up.
    mutating func popExpired(_ now: ContinuousClock.Instant) -> Transfer? {
        guard let first, first <= now else { return nil }
        return removeFirst()
    }

    @discardableResult
    private mutating func removeFirst() -> Transfer {
        heap.swapAt(0, heap.count - 1)
        let removed = heap.removeLast()
        var parent = 0
        while true {
            let children = (2 * parent + 1..<2 * parent + 3).prefix { $0 < heap.count }
            guard let child = children.min(by: { heap[$0].instant < heap[$1].instant }),
                heap[child].instant < heap[parent].instant
            else { return removed.transfer }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
