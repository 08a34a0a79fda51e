import PostgresKit
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
    /// A batch of fetches in one round trip.
    func fetch(_ fetches: [Fetch]) throws -> FetchPass {
        let accounts = Set(fetches.map(\.mailbox.account)).sorted()
        let looks = try reads([
            Self.recipients(accounts), tombstones(for: fetches), envelopes(for: fetches),
        ])
        let recipients = Dictionary(
            uniqueKeysWithValues: try Self.recipients(from: looks[0]).map { ($0.id, $0) })
        let tombstones = Dictionary(grouping: looks[1]) { (try? $0.count(0)) ?? 0 }
        let envelopes = Dictionary(grouping: looks[2]) { (try? $0.count(0)) ?? 0 }
        var pass = FetchPass()
        for (index, fetch) in fetches.enumerated() {
            // Places in the batch are counted from 1, as PostgreSQL does.
            pass.outcomes.append(
                try outcome(
                    of: fetch, recipients[fetch.mailbox.account], tombstones: tombstones[index + 1] ?? [],
                    envelopes: envelopes[index + 1] ?? [], &pass))
        }
        return pass
    }

    private func outcome(
        of fetch: Fetch, _ recipient: Recipient?, tombstones: [Row], envelopes: [Row], _ pass: inout FetchPass
    ) throws -> FetchOutcome {
        guard let recipient, let mailbox = recipient.mailboxes[fetch.mailbox.device] else { return .unknownDevice }
        guard mailbox.isListed else { return .pending(recipient.accountState) }
        if mailbox.mayHoldExpired(at: now) { pass.due.insert(mailbox.key) }
        if mailbox.lastFetch.map({ $0 < now.hour }) ?? true { pass.stale.insert(mailbox.key) }
        let after = fetch.after ?? mailbox.acked
        guard after <= mailbox.head else { return .cursorAhead(head: mailbox.head) }
        var builder = PageBuilder(
            MailboxPage(
                items: [], cursor: after, more: false, state: recipient.state(of: mailbox),
                dormantSince: mailbox.toldDormancy(at: now)),
            tombstones: try tombstones.map { try Tombstone($0, from: 1) }, limit: fetch.limit)
        for row in envelopes {
            let hasRoom = try builder.add(row.sequence(1), isOver: row.time(5) <= now) { try Envelope(row, from: 1) }
            guard hasRoom else { break }
        }
        // The query counts what it found within its limit, and gives as much as fits.
        let found = try envelopes.first?.count(7) ?? 0
        builder.finish(isCut: found > envelopes.count || found > fetch.limit)
        return .page(builder.page)
    }

    /// The place in the batch, and the tombstones that reach beyond each cursor, in order; one more than the limit.
    private func tombstones(for fetches: [Fetch]) -> Query {
        """
        SELECT wanted.place, beyond.first, beyond.through, beyond.reason, beyond.count
        FROM unnest(\(fetches.map(\.mailbox.account.value)), \(fetches.map(\.mailbox.device.column)),
            \(fetches.map { $0.after?.value }), \(fetches.map(\.limit)))
            WITH ORDINALITY AS wanted (account, number, after, "limit", place)
        JOIN device ON device.account = wanted.account AND device.number = wanted.number AND device.tombstones > 0
        CROSS JOIN LATERAL (
            SELECT first, through, reason, count FROM tombstone
            WHERE tombstone.account = wanted.account AND tombstone.device = wanted.number
                AND tombstone.through > coalesce(wanted.after, device.acked)
            ORDER BY first LIMIT wanted."limit" + 1
        ) AS beyond
        """
    }

    /// The place in the batch, the envelopes behind each cursor in order, and how many there are within the limit and one
    /// more. Those are left out before which there is more than fits into an answer.
    private func envelopes(for fetches: [Fetch]) -> Query {
        """
        SELECT wanted.place, behind.seq, behind.id, behind.sender, behind.received, behind.expires, behind.content,
            behind.found
        FROM unnest(\(fetches.map(\.mailbox.account.value)), \(fetches.map(\.mailbox.device.column)),
            \(fetches.map { $0.after?.value }), \(fetches.map(\.limit)))
            WITH ORDINALITY AS wanted (account, number, after, "limit", place)
        JOIN device ON device.account = wanted.account AND device.number = wanted.number AND device.count > 0
            AND device.listed IS NOT NULL AND device.head > coalesce(wanted.after, device.acked)
        CROSS JOIN LATERAL (
            SELECT *, count(*) OVER () AS found,
                coalesce(sum(CASE WHEN expires > \(now) THEN length(content) ELSE 0 END)
                    OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
            FROM (
                SELECT seq, id, sender, received, expires, content FROM envelope
                WHERE envelope.account = wanted.account AND envelope.device = wanted.number
                    AND envelope.seq > coalesce(wanted.after, device.acked)
                ORDER BY seq LIMIT wanted."limit" + 1
            ) AS first
        ) AS behind
        WHERE behind.before <= \(Int64(Limits.fetchBytes)) ORDER BY wanted.place, behind.seq
        """
    }

    /// Of each mailbox the head and its account's state.
    func heads(of keys: [MailboxKey]) throws -> [MailboxKey: MailboxHead] {
        let accounts = Set(keys.map(\.account)).sorted()
        let recipients = Dictionary(
            uniqueKeysWithValues: try Self.recipients(from: run(Self.recipients(accounts))).map { ($0.id, $0) })
        var heads: [MailboxKey: MailboxHead] = [:]
        for key in keys {
            guard let recipient = recipients[key.account], let mailbox = recipient.mailboxes[key.device] else {
                continue
            }
            heads[key] = MailboxHead(
                head: mailbox.isListed ? mailbox.head : .start, account: recipient.accountState)
        }
        return heads
    }

    func envelope(_ seq: Sequence, in key: MailboxKey) throws -> Envelope? {
        try row(
            """
            SELECT envelope.seq, envelope.id, envelope.sender, envelope.received, envelope.expires, envelope.content
            FROM device JOIN envelope ON envelope.account = device.account AND envelope.device = device.number
            WHERE device.account = \(key.account) AND device.number = \(key.device) AND device.listed IS NOT NULL
                AND envelope.account = \(key.account) AND envelope.device = \(key.device) AND envelope.seq = \(seq)
                AND envelope.expires > \(now)
            """
        ).map { try Envelope($0, from: 0) }
    }

    /// Notes that these were fetched, and the end of a dormancy, to the hour.
    func noteFetch(of keys: Set<MailboxKey>) throws {
        let keys = keys.sorted()
        let looks = try pipeline([locking(keys), Self.looking(at: keys)])
        let locked = try looks[0].mailboxKeys()
        var mailboxes = try looks[1].map { try Mailbox($0) }.filter { locked.contains($0.key) }
        for index in mailboxes.indices where mailboxes[index].isDormant(at: now) {
            mailboxes[index].dormantSince = mailboxes[index].lastSeen
            mailboxes[index].dormancyEnd = now.hour
        }
        later(
            """
            UPDATE device SET last_fetch = \(now.hour), dormant_since = noted.dormant_since,
                dormancy_end = noted.dormancy_end
            FROM unnest(\(mailboxes.map(\.key.account.value)), \(mailboxes.map(\.key.device.column)),
                \(mailboxes.map { $0.dormantSince?.milliseconds }), \(mailboxes.map { $0.dormancyEnd?.milliseconds }))
                AS noted (account, number, dormant_since, dormancy_end)
            WHERE device.account = noted.account AND device.number = noted.number
            """)
    }
}

extension Envelope {
    /// From seq, id, sender, received, expires and content, beginning with a column.
    init(_ row: Row, from column: Int) throws {
        guard let id = EnvelopeID(try row.text(column + 1)) else {
            throw StoreError.corrupt("an envelope has an impossible id")
        }
        self.init(
            seq: try row.sequence(column), id: id, from: try row.optionalText(column + 2),
            received: try row.time(column + 3), expires: try row.time(column + 4),
            content: try row.bytes(column + 5))
    }
}

extension Tombstone {
    /// From first, through, reason and count, beginning with a column.
    init(_ row: Row, from column: Int) throws {
        guard let reason = Reason(rawValue: try row.text(column + 2)) else {
            throw StoreError.corrupt("a tombstone has an impossible reason")
        }
        self.init(
            from: try row.sequence(column), through: try row.sequence(column + 1), reason: reason,
            count: try row.count(column + 3))
    }
}
