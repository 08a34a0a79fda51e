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

    private func fill(
        _ page: inout MailboxPage, from mailbox: Mailbox, limit: Int, betweenReads: (@Sendable () -> Void)?
    ) throws {
        var builder = PageBuilder(
            page, tombstones: try tombstones(of: mailbox.key, after: page.cursor, limit: limit + 1), limit: limit)
        betweenReads?()
        try eachRow(
            """
            SELECT seq, id, sender, received, expires, content FROM envelope
            WHERE account = ? AND device = ? AND seq > ? ORDER BY seq
            """, [mailbox.key.account, mailbox.key.device, page.cursor]
        ) { row in
            try builder.add(row.sequence(0), isOver: row.time(4) <= now) { try envelope(row) }
        }
        builder.finish(isCut: false)
        page = builder.page
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
