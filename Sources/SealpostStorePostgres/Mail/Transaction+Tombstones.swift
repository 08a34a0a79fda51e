import PostgresKit
import SealpostCore
import SealpostStore

extension Transaction {
    /// Erases these envelopes of a locked mailbox and leaves tombstones; the caller saves the mailbox.
    private func bury(_ seqs: [Sequence], reason: Tombstone.Reason, in mailbox: inout Mailbox) throws {
        guard !seqs.isEmpty else { return }
        let key = mailbox.key
        let looks = try pipeline([
            """
            WITH gone AS (
                DELETE FROM envelope WHERE account = \(key.account) AND device = \(key.device)
                    AND seq = ANY(\(seqs.map(\.value))) RETURNING length(content) AS size
            ) SELECT count(*), coalesce(sum(size), 0)::bigint FROM gone
            """,
            "SELECT seq FROM envelope WHERE account = \(key.account) AND device = \(key.device)",
            """
            SELECT first, through, reason, count FROM tombstone
            WHERE account = \(key.account) AND device = \(key.device) ORDER BY first
            """,
        ])
        mailbox.count -= try looks[0][0].count(0)
        mailbox.bytes -= try looks[0][0].count(1)
        var log = TombstoneLog(
            try looks[2].map { try Tombstone($0, from: 0) }, live: try looks[1].map { try $0.sequence(0) }.sorted())
        for seq in seqs { log.add(at: seq, reason: reason) }
        mailbox.tombstones = log.tombstones.count
        if !log.removed.isEmpty {
            later(
                """
                DELETE FROM tombstone WHERE account = \(key.account) AND device = \(key.device)
                    AND first = ANY(\(log.removed.map(\.value)))
                """)
        }
        let added = Array(log.added.values)
        later(
            """
            INSERT INTO tombstone (account, first, through, device, count, reason)
            SELECT \(key.account), first, through, \(key.device), count, reason
            FROM unnest(\(added.map(\.from.value)), \(added.map(\.through.value)), \(added.map { Int32($0.count) }),
                \(added.map(\.reason.rawValue))) AS added (first, through, count, reason)
            """)
    }

    /// Turns at most `limit` expired envelopes of a mailbox into tombstones. Answers how many went.
    func sweep(_ key: MailboxKey, limit: Int) throws -> Int {
        try lock(key)
        guard var mailbox = try mailbox(key) else { return 0 }
        let swept = try sweep(&mailbox, limit: limit)
        save([mailbox])
        return swept
    }

    /// Turns at most `limit` expired envelopes of a locked mailbox into tombstones; the caller saves the mailbox. Answers
    /// how many went.
    func sweep(_ mailbox: inout Mailbox, limit: Int) throws -> Int {
        guard mailbox.mayHoldExpired(at: now) else { return 0 }
        let key = mailbox.key
        let expired = try run(
            """
            SELECT seq FROM envelope WHERE account = \(key.account) AND device = \(key.device) AND expires <= \(now)
            ORDER BY seq LIMIT \(limit)
            """
        ).map { try $0.sequence(0) }
        try bury(expired, reason: .expired, in: &mailbox)
        mailbox.nextExpiry = try row(
            "SELECT min(expires) FROM envelope WHERE account = \(key.account) AND device = \(key.device)"
        )?.optionalTime(0)
        return expired.count
    }

    /// Takes one envelope back; the mailbox if it was still there.
    func withdraw(_ withdrawal: Withdrawal) throws -> MailboxKey? {
        guard
            let account = try row("SELECT id FROM account WHERE handle = \(withdrawal.recipient.description)")
        else { return nil }
        let key = MailboxKey(account: try account.account(0), device: withdrawal.device)
        try lock(key)
        guard var mailbox = try mailbox(key) else { return nil }
        let names = keyring.names(of: withdrawal.id, by: withdrawal.depositor, for: .deposit, at: now)
        // What is over is no longer its sender's to take back: its tombstone says that it expired.
        let live = try run(
            """
            SELECT envelope.seq
            FROM deposit JOIN envelope ON envelope.account = deposit.account AND envelope.device = deposit.device
                AND envelope.seq = deposit.seq
            WHERE deposit.account = \(key.account) AND deposit.name = ANY(\(names)) AND deposit.device = \(key.device)
                AND envelope.account = \(key.account) AND envelope.expires > \(now)
            """
        ).map { try $0.sequence(0) }
        guard let seq = live.first else { return nil }
        try bury([seq], reason: .withdrawn, in: &mailbox)
        save([mailbox])
        return key
    }
}
