/// Keys of messages that have not come yet, oldest first; never more than `limit`.
package struct SkippedKeys: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let ratchetKey: [UInt8]
        package let number: UInt32
        package let key: MessageKey
    }

    /// So many are kept, and so many may be skipped in one chain.
    package static let limit = 1_000

    package private(set) var entries: [Entry] = []

    /// Keeps a key; the oldest goes when there are too many.
    mutating func add(_ entry: Entry) {
        entries.append(entry)
        if entries.count > Self.limit { entries.removeFirst(entries.count - Self.limit) }
    }

    /// Takes out the key of a message, if it is kept.
    mutating func take(ratchetKey: [UInt8], number: UInt32) -> MessageKey? {
        guard let index = entries.firstIndex(where: { $0.number == number && $0.ratchetKey == ratchetKey }) else {
            return nil
        }
        return entries.remove(at: index).key
    }
}
