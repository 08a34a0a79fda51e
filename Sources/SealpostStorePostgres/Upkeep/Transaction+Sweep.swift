import PostgresKit
import SealpostCore
import SealpostStore

/// Sweepers of several nodes pass over what another holds: nobody waits for a sweep, and a sweep for nobody.
extension Transaction {
    /// Tables whose rows are over at a time of their own.
    private static let perishable = [
        (table: "deposit", end: "forget"), (table: "claim", end: "expires"), (table: "given_prekey", end: "forget"),
        (table: "session", end: "ends"), (table: "token", end: "expires"),
        (table: "idempotency_key", end: "expires"), (table: "challenge", end: "expires"),
        (table: "revocation", end: "until"),
    ]

    func sweepPerishable(limit: Int) throws -> SweepReport {
        var report = SweepReport(expired: [], removed: 0, more: false)
        let swept = try pipeline(
            Self.perishable.map { kind in
                """
                DELETE FROM \(unsafeSQL: kind.table) WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM \(unsafeSQL: kind.table)
                    WHERE \(unsafeSQL: kind.end) <= \(now) ORDER BY \(unsafeSQL: kind.end) LIMIT \(limit)
                    FOR UPDATE SKIP LOCKED))
                """
            })
        for rows in swept {
            report.removed += rows.changes
            if rows.changes >= limit { report.more = true }
        }
        let removals = try sweepRemovals(limit: limit)
        report.removed += removals.removed
        if removals.more { report.more = true }
        if try resealEmails(limit: limit) >= limit { report.more = true }
        return report
    }

    func sweepEnvelopes(limit: Int) throws -> SweepReport {
        var report = SweepReport(expired: [], removed: 0, more: false)
        let query: Query = """
            SELECT account, number FROM device WHERE next_expiry <= \(now) ORDER BY next_expiry LIMIT \(limit)
            FOR NO KEY UPDATE SKIP LOCKED
            """
        let due = try run(query).map { MailboxKey(account: try $0.account(0), device: try $0.device(1)) }
        report.more = due.count >= limit
        for key in due {
            guard report.removed < limit else {
                report.more = true
                break
            }
            guard var mailbox = try mailbox(key) else { continue }
            let removed = try sweep(&mailbox, limit: limit - report.removed)
            save([mailbox])
            if removed > 0 { report.expired.insert(key) }
            report.removed += removed
            if mailbox.mayHoldExpired(at: now) { report.more = true }
        }
        return report
    }
}
