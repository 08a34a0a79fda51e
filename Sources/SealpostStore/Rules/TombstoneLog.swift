import SealpostCore

/// The tombstones of one mailbox, with what it takes to add some: which envelopes are still there, for a tombstone never
/// spans one.
package struct TombstoneLog: Sendable {
    /// A mailbox keeps at most so many; then the oldest neighbours become one, whatever their reasons.
    package static let limit = 2 * Limits.mailboxEnvelopes

    /// In order.
    package private(set) var tombstones: [Tombstone]
    /// The first seqs of those that went, in one with others.
    package private(set) var removed: Set<Sequence> = []
    /// Those that came.
    package private(set) var added: [Sequence: Tombstone] = [:]
    /// In order.
    private let live: [Sequence]

    /// - Parameters:
    ///   - tombstones: of the mailbox, in order.
    ///   - live: the seqs of its envelopes that stay, in order.
    package init(_ tombstones: [Tombstone], live: [Sequence]) {
        self.tombstones = tombstones
        self.live = live
    }

    /// Leaves a tombstone where an envelope was, in one with its neighbours where that hides nothing.
    package mutating func add(at seq: Sequence, reason: Tombstone.Reason) {
        var new = Tombstone(from: seq, through: seq, reason: reason, count: 1)
        let place = tombstones.firstIndex { $0.from > seq } ?? tombstones.endIndex
        let neighbours = [place - 1, place].compactMap { tombstones.indices.contains($0) ? tombstones[$0] : nil }
        for neighbour in neighbours where neighbour.reason == reason && !isLiveBetween(new, neighbour) {
            remove(neighbour)
            new = Self.merged(new, neighbour, reason: reason)
        }
        insert(new)
        if tombstones.count > Self.limit { mergeOldest() }
    }

    /// There are more tombstones than two for each envelope that fits into a mailbox, so two have none between them.
    private mutating func mergeOldest() {
        for (one, other) in zip(tombstones, tombstones.dropFirst()) where !isLiveBetween(one, other) {
            remove(one)
            remove(other)
            insert(Self.merged(one, other, reason: .expired))
            return
        }
    }

    private func isLiveBetween(_ one: Tombstone, _ other: Tombstone) -> Bool {
        let begin = min(one.through, other.through)
        let end = max(one.from, other.from)
        // The first that is beyond.
        var low = 0
        var high = live.count
        while low < high {
            let middle = (low + high) / 2
            if live[middle] > begin { high = middle } else { low = middle + 1 }
        }
        return low < live.count && live[low] < end
    }

    private mutating func remove(_ tombstone: Tombstone) {
        tombstones.removeAll { $0.from == tombstone.from }
        if added.removeValue(forKey: tombstone.from) == nil { removed.insert(tombstone.from) }
    }

    private mutating func insert(_ tombstone: Tombstone) {
        let place = tombstones.firstIndex { $0.from > tombstone.from } ?? tombstones.endIndex
        tombstones.insert(tombstone, at: place)
        added[tombstone.from] = tombstone
    }

    private static func merged(_ one: Tombstone, _ other: Tombstone, reason: Tombstone.Reason) -> Tombstone {
        Tombstone(
            from: min(one.from, other.from), through: max(one.through, other.through), reason: reason,
            count: one.count + other.count)
    }
}
