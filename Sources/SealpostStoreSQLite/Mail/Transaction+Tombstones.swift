import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    /// A mailbox keeps at most so many; then the oldest neighbours become one, whatever their reasons.
    static let tombstonesPerMailbox = 2 * Limits.mailboxEnvelopes

    /// Those that reach beyond `seq`, in order.
    func tombstones(of key: MailboxKey, after seq: Sequence, limit: Int) throws -> [Tombstone] {
        try rows(
            """
            SELECT first, through, reason, count FROM tombstone
            WHERE account = ? AND device = ? AND through > ? ORDER BY first LIMIT ?
            """, [key.account, key.device, seq, limit], tombstone)
    }

    private func tombstone(_ row: Row) throws -> Tombstone {
        guard let reason = Tombstone.Reason(rawValue: row.text(2)) else {
            throw StoreError.corrupt("a tombstone has an impossible reason")
        }
        return Tombstone(from: row.sequence(0), through: row.sequence(1), reason: reason, count: row.count(3))
    }

    /// Leaves a tombstone where an envelope was, in one with its neighbours where that hides nothing. The envelope
    /// must be gone, and others that go with it, too.
    func addTombstone(at seq: Sequence, reason: Tombstone.Reason, to mailbox: inout Mailbox) throws {
        var new = Tombstone(from: seq, through: seq, reason: reason, count: 1)
        for neighbour in try neighbours(of: seq, in: mailbox.key) where neighbour.reason == reason {
            guard try !isLiveBetween(new, neighbour, in: mailbox.key) else { continue }
            try remove(neighbour, from: &mailbox)
            new = Self.merged(new, neighbour, reason: reason)
        }
        try insert(new, into: &mailbox)
        if mailbox.tombstones > Self.tombstonesPerMailbox { try mergeOldest(in: &mailbox) }
    }

    private func neighbours(of seq: Sequence, in key: MailboxKey) throws -> [Tombstone] {
        let columns = "SELECT first, through, reason, count FROM tombstone WHERE account = ? AND device = ?"
        let place: StatementArguments = [key.account, key.device, seq]
        let before = try row("\(columns) AND first < ? ORDER BY first DESC LIMIT 1", place).map(tombstone)
        let behind = try row("\(columns) AND first > ? ORDER BY first LIMIT 1", place).map(tombstone)
        return [before, behind].compactMap { $0 }
    }

    private func isLiveBetween(_ one: Tombstone, _ other: Tombstone, in key: MailboxKey) throws -> Bool {
        try row(
            "SELECT 1 FROM envelope WHERE account = ? AND device = ? AND seq > ? AND seq < ? LIMIT 1",
            [key.account, key.device, min(one.through, other.through), max(one.from, other.from)]) != nil
    }

    private func insert(_ tombstone: Tombstone, into mailbox: inout Mailbox) throws {
        try run(
            "INSERT INTO tombstone (account, device, first, through, reason, count) VALUES (?, ?, ?, ?, ?, ?)",
            [
                mailbox.key.account, mailbox.key.device, tombstone.from, tombstone.through, tombstone.reason.rawValue,
                tombstone.count,
            ])
        mailbox.tombstones += 1
    }

    private func remove(_ tombstone: Tombstone, from mailbox: inout Mailbox) throws {
        try run(
            "DELETE FROM tombstone WHERE account = ? AND device = ? AND first = ?",
            [mailbox.key.account, mailbox.key.device, tombstone.from])
        mailbox.tombstones -= changes
    }

    /// There are more tombstones than two for each envelope that fits into a mailbox, so two have none between them.
    func mergeOldest(in mailbox: inout Mailbox) throws {
        var last: Tombstone?
        for next in try tombstones(of: mailbox.key, after: .start, limit: mailbox.tombstones) {
            if let last, try !isLiveBetween(last, next, in: mailbox.key) {
                try remove(last, from: &mailbox)
                try remove(next, from: &mailbox)
                return try insert(Self.merged(last, next, reason: .expired), into: &mailbox)
            }
            last = next
        }
    }

    private static func merged(_ one: Tombstone, _ other: Tombstone, reason: Tombstone.Reason) -> Tombstone {
        Tombstone(
            from: min(one.from, other.from), through: max(one.through, other.through), reason: reason,
            count: one.count + other.count)
    }

    /// Turns at most `limit` expired envelopes of a mailbox into tombstones. Answers how many went.
    func sweep(_ key: MailboxKey, limit: Int) throws -> Int {
        guard var mailbox = try mailbox(key) else { return 0 }
        let swept = try sweep(&mailbox, limit: limit)
        try save(mailbox)
        return swept
    }

    /// Turns at most `limit` expired envelopes into tombstones; the caller saves the mailbox. Answers how many went.
    func sweep(_ mailbox: inout Mailbox, limit: Int) throws -> Int {
        guard mailbox.mayHoldExpired(at: now) else { return 0 }
        let place: StatementArguments = [mailbox.key.account, mailbox.key.device]
        let expired = try rows(
            """
            SELECT seq FROM envelope WHERE account = ? AND device = ? AND expires <= ? ORDER BY seq LIMIT ?
            """, place + [now, limit]
        ) { $0.sequence(0) }
        for seq in expired { _ = try erase(seq, from: &mailbox) }
        for seq in expired { try addTombstone(at: seq, reason: .expired, to: &mailbox) }
        mailbox.nextExpiry = try row(
            "SELECT min(expires) FROM envelope WHERE account = ? AND device = ?", place)?.optionalTime(0)
        return expired.count
    }
}
