import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    /// Tables whose rows are over at a time of their own. The keys are single columns: SQLite looks up lists of those
    /// by index, and reads a whole account for lists of pairs.
    private static let perishable = [
        (table: "deposit", key: "rowid", end: "forget"),
        (table: "claim", key: "rowid", end: "expires"),
        (table: "given_prekey", key: "rowid", end: "forget"),
        (table: "session", key: "id", end: "ends"),
        (table: "token", key: "id", end: "expires"),
        (table: "idempotency_key", key: "rowid", end: "expires"),
        (table: "challenge", key: "hash", end: "expires"),
        (table: "revocation", key: "number", end: "until"),
    ]

    func sweep(limit: Int) throws -> SweepReport {
        var report = try sweepEnvelopes(limit: limit)
        for kind in Self.perishable {
            try run(
                """
                DELETE FROM \(kind.table) WHERE \(kind.key) IN (
                    SELECT \(kind.key) FROM \(kind.table) WHERE \(kind.end) <= ? ORDER BY \(kind.end) LIMIT ?
                )
                """, [now, limit])
            report.removed += changes
            if changes >= limit { report.more = true }
        }
        let removals = try sweepRemovals(limit: limit)
        report.removed += removals.removed
        if removals.more { report.more = true }
        if try resealEmails(limit: limit) >= limit { report.more = true }
        return report
    }

    private func sweepEnvelopes(limit: Int) throws -> SweepReport {
        var report = SweepReport(expired: [], removed: 0, more: false)
        let due = try rows(
            "SELECT account, number FROM device WHERE next_expiry <= ? ORDER BY next_expiry LIMIT ?", [now, limit]
        ) { MailboxKey(account: $0.account(0), device: try $0.device(1)) }
        report.more = due.count >= limit
        for key in due {
            guard report.removed < limit else {
                report.more = true
                break
            }
            guard var mailbox = try mailbox(key) else { continue }
            let removed = try sweep(&mailbox, limit: limit - report.removed)
            try save(mailbox)
            if removed > 0 { report.expired.insert(key) }
            report.removed += removed
            if mailbox.mayHoldExpired(at: now) { report.more = true }
        }
        return report
    }
}
