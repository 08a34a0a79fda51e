import GRDB
import SealpostCore
import SealpostStore

/// What one snapshot said to a batch of fetches.
struct FetchPass: Sendable {
    var outcomes: [FetchOutcome] = []
    /// Mailboxes in which something may be over, to be swept before they are read.
    var due: Set<MailboxKey> = []
    /// Mailboxes whose last fetch is to be noted.
    var stale: Set<MailboxKey> = []
}

extension Transaction {
    func fetch(_ fetches: [Fetch], betweenReads: (@Sendable () -> Void)?) throws -> FetchPass {
        var pass = FetchPass()
        for fetch in fetches {
            pass.outcomes.append(try self.fetch(fetch, in: &pass, betweenReads: betweenReads))
        }
        return pass
    }

    private func fetch(
        _ fetch: Fetch, in pass: inout FetchPass, betweenReads: (@Sendable () -> Void)?
    ) throws -> FetchOutcome {
        guard let recipient = try recipient(fetch.mailbox.account),
            let mailbox = recipient.mailboxes[fetch.mailbox.device]
        else { return .unknownDevice }
        guard mailbox.isListed else { return .pending(recipient.accountState) }
        if mailbox.mayHoldExpired(at: now) { pass.due.insert(mailbox.key) }
        if mailbox.lastFetch.map({ $0 < now.hour }) ?? true { pass.stale.insert(mailbox.key) }
        let after = fetch.after ?? mailbox.acked
        guard after <= mailbox.head else { return .cursorAhead(head: mailbox.head) }
        betweenReads?()
        var page = MailboxPage(
            items: [], cursor: after, more: false, state: recipient.state(of: mailbox),
            dormantSince: mailbox.toldDormancy(at: now))
        if after < mailbox.head { try fill(&page, from: mailbox, limit: fetch.limit, betweenReads: betweenReads) }
        return .page(page)
    }

    /// An account is read once for all its devices.
    func heads(of keys: [MailboxKey]) throws -> [MailboxKey: MailboxHead] {
        var heads: [MailboxKey: MailboxHead] = [:]
        for (account, keys) in Dictionary(grouping: keys, by: \.account) {
            guard let recipient = try recipient(account) else { continue }
            for key in keys {
                guard let mailbox = recipient.mailboxes[key.device] else { continue }
                heads[key] = MailboxHead(
                    head: mailbox.isListed ? mailbox.head : .start, account: recipient.accountState)
            }
        }
        return heads
    }

    /// Merges envelopes and tombstones in seq order: a tombstone spans no live envelope, so its end tells its place.
    /// An envelope that is over and could not be swept is told as the tombstone that it will be.
    private func fill(
        _ page: inout MailboxPage, from mailbox: Mailbox, limit: Int, betweenReads: (@Sendable () -> Void)?
    ) throws {
        var tombstones = try tombstones(of: mailbox.key, after: page.cursor, limit: limit + 1)[...]
        betweenReads?()
        var size = 0
        func add(_ item: MailboxItem) -> Bool {
            guard page.items.count < limit else {
                page.more = true
                return false
            }
            page.items.append(item)
            page.cursor = item.end
            return true
        }
        func addTombstones(before seq: Sequence?) -> Bool {
            while let next = tombstones.first, seq.map({ next.through < $0 }) ?? true {
                guard add(.tombstone(next)) else { return false }
                tombstones.removeFirst()
            }
            return true
        }
        func addExpired(_ seq: Sequence) -> Bool {
            guard case .tombstone(var last)? = page.items.last, last.reason == .expired else {
                return add(.tombstone(Tombstone(from: seq, through: seq, reason: .expired, count: 1)))
            }
            last.through = seq
            last.count += 1
            page.items[page.items.count - 1] = .tombstone(last)
            page.cursor = seq
            return true
        }
        try eachRow(
            """
            SELECT seq, id, sender, received, expires, content FROM envelope
            WHERE account = ? AND device = ? AND seq > ? ORDER BY seq
            """, [mailbox.key.account, mailbox.key.device, page.cursor]
        ) { row in
            guard row.time(4) > now else {
                let seq = row.sequence(0)
                return addTombstones(before: seq) && addExpired(seq)
            }
            let envelope = try envelope(row)
            guard addTombstones(before: envelope.seq) else { return false }
            guard page.items.isEmpty || size + envelope.content.count <= Limits.fetchBytes else {
                page.more = true
                return false
            }
            size += envelope.content.count
            return add(.envelope(envelope))
        }
        if !page.more { _ = addTombstones(before: nil) }
    }

    func envelope(_ seq: Sequence, in key: MailboxKey) throws -> Envelope? {
        guard let mailbox = try mailbox(key), mailbox.isListed else { return nil }
        return try row(
            """
            SELECT seq, id, sender, received, expires, content FROM envelope
            WHERE account = ? AND device = ? AND seq = ? AND expires > ?
            """, [key.account, key.device, seq, now]
        ).map(envelope)
    }

    private func envelope(_ row: Row) throws -> Envelope {
        guard let id = EnvelopeID(row.text(1)) else { throw StoreError.corrupt("an envelope has an impossible id") }
        return Envelope(
            seq: row.sequence(0), id: id, from: row.optionalText(2), received: row.time(3), expires: row.time(4),
            content: try row.bytes(5))
    }

    /// Notes that these were fetched, and the end of a dormancy. To the hour: when somebody is at their device is not
    /// the store's business more closely than that.
    func noteFetch(of keys: Set<MailboxKey>) throws {
        for key in keys.sorted() {
            guard var mailbox = try mailbox(key) else { continue }
            if mailbox.isDormant(at: now) {
                mailbox.dormantSince = mailbox.lastSeen
                mailbox.dormancyEnd = now.hour
            }
            try run(
                """
                UPDATE device SET last_fetch = ?, dormant_since = ?, dormancy_end = ? WHERE account = ? AND number = ?
                """, [now.hour, mailbox.dormantSince, mailbox.dormancyEnd, key.account, key.device])
        }
    }
}

extension Timestamp {
    /// The beginning of its hour.
    fileprivate var hour: Timestamp { Timestamp(milliseconds: milliseconds - milliseconds % 3_600_000) }
}
