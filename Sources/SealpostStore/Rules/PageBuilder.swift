import SealpostCore

/// Fills a page from what one snapshot holds behind a cursor, merging envelopes and tombstones in seq order: a tombstone
/// spans no live envelope, so its end tells its place. An envelope that is over and was not swept is told as the
/// tombstone that it will be.
package struct PageBuilder {
    package private(set) var page: MailboxPage
    private let limit: Int
    private var tombstones: ArraySlice<Tombstone>
    private var size = 0

    /// - Parameters:
    ///   - page: empty, with the cursor where the fetch begins.
    ///   - tombstones: those that reach beyond the cursor in order, one more than the limit if there are more.
    ///   - limit: items at most.
    package init(_ page: MailboxPage, tombstones: [Tombstone], limit: Int) {
        self.page = page
        self.limit = limit
        self.tombstones = tombstones[...]
    }

    /// Adds the next envelope in seq order; false if nothing more goes in. `read` is called for one that is not over.
    package mutating func add(_ seq: Sequence, isOver: Bool, read: () throws -> Envelope) rethrows -> Bool {
        guard addTombstones(before: seq) else { return false }
        guard !isOver else { return addExpired(seq) }
        let envelope = try read()
        guard page.items.isEmpty || size + envelope.content.count <= Limits.fetchBytes else {
            page.more = true
            return false
        }
        size += envelope.content.count
        return add(.envelope(envelope))
    }

    /// Adds what is behind the last envelope.
    ///
    /// - Parameter isCut: whether there are more envelopes than were added.
    package mutating func finish(isCut: Bool) {
        guard !page.more else { return }
        if isCut {
            page.more = true
        } else {
            _ = addTombstones(before: nil)
        }
    }

    private mutating func add(_ item: MailboxItem) -> Bool {
        guard page.items.count < limit else {
            page.more = true
            return false
        }
        page.items.append(item)
        page.cursor = item.end
        return true
    }

    private mutating func addTombstones(before seq: Sequence?) -> Bool {
        while let next = tombstones.first, seq.map({ next.through < $0 }) ?? true {
            guard add(.tombstone(next)) else { return false }
            tombstones.removeFirst()
        }
        return true
    }

    private mutating func addExpired(_ seq: Sequence) -> Bool {
        guard case .tombstone(var last)? = page.items.last, last.reason == .expired else {
            return add(.tombstone(Tombstone(from: seq, through: seq, reason: .expired, count: 1)))
        }
        last.through = seq
        last.count += 1
        page.items[page.items.count - 1] = .tombstone(last)
        page.cursor = seq
        return true
    }
}
