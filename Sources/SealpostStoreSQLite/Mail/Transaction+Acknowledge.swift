import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    func acknowledge(_ acks: [Ack]) throws -> [AckOutcome] { try acks.map(acknowledge) }

    private func acknowledge(_ ack: Ack) throws -> AckOutcome {
        guard var mailbox = try mailbox(ack.mailbox) else { return .unknownDevice }
        guard mailbox.isListed else { return .pending }
        var isNews = false
        switch ack.extent {
        case .through(let seq):
            guard seq <= mailbox.head else { return .ahead(head: mailbox.head) }
            if seq > mailbox.acked {
                try erase(through: seq, from: &mailbox)
                mailbox.acked = seq
                isNews = true
            }
        case .seqs(let seqs):
            guard seqs.allSatisfy({ $0 <= mailbox.head }) else { return .ahead(head: mailbox.head) }
            for seq in Set(seqs) where try erase(seq, from: &mailbox) { isNews = true }
        }
        // A repeat of an older acknowledgement does not show that the fetch which told of the dormancy arrived.
        if isNews { mailbox.dormantSince = nil }
        try save(mailbox)
        return .acked(through: mailbox.acked, count: mailbox.count, bytes: mailbox.bytes)
    }

    private func erase(through seq: Sequence, from mailbox: inout Mailbox) throws {
        let place: StatementArguments = [mailbox.key.account, mailbox.key.device, seq]
        if mailbox.count > 0 {
            let sum = try row(
                """
                SELECT count(*), coalesce(sum(length(content)), 0) FROM envelope
                WHERE account = ? AND device = ? AND seq <= ?
                """, place)
            mailbox.count -= sum?.count(0) ?? 0
            mailbox.bytes -= sum?.count(1) ?? 0
            try run("DELETE FROM envelope WHERE account = ? AND device = ? AND seq <= ?", place)
        }
        if mailbox.tombstones > 0 {
            // One that reaches beyond stays whole.
            try run(
                "DELETE FROM tombstone WHERE account = ? AND device = ? AND first <= ? AND through <= ?", place + [seq])
            mailbox.tombstones -= changes
        }
    }

    /// Erases one envelope; false if it was not there.
    func erase(_ seq: Sequence, from mailbox: inout Mailbox) throws -> Bool {
        let place: StatementArguments = [mailbox.key.account, mailbox.key.device, seq]
        guard
            let size = try row(
                "SELECT length(content) FROM envelope WHERE account = ? AND device = ? AND seq = ?", place)?.count(0)
        else { return false }
        try run("DELETE FROM envelope WHERE account = ? AND device = ? AND seq = ?", place)
        mailbox.count -= 1
        mailbox.bytes -= size
        return true
    }

    /// Takes one envelope back; the mailbox if it was still there.
    func withdraw(_ withdrawal: Withdrawal) throws -> MailboxKey? {
        guard let account = try row("SELECT id FROM account WHERE handle = ?", [withdrawal.recipient.description])
        else {
            return nil
        }
        let key = MailboxKey(account: account.account(0), device: withdrawal.device)
        let names = keyring.names(of: withdrawal.id, by: withdrawal.depositor, for: .deposit, at: now)
        for name in names {
            let known = try row(
                "SELECT seq FROM deposit WHERE account = ? AND name = ? AND device = ? AND seq IS NOT NULL",
                [key.account, blob(name), key.device])
            guard let seq = known?.sequence(0), try isLive(seq, in: key), var mailbox = try mailbox(key) else {
                continue
            }
            _ = try erase(seq, from: &mailbox)
            try addTombstone(at: seq, reason: .withdrawn, to: &mailbox)
            try save(mailbox)
            return key
        }
        return nil
    }

    /// What is over is no longer its sender's to take back: its tombstone says that it expired.
    private func isLive(_ seq: Sequence, in key: MailboxKey) throws -> Bool {
        try row(
            "SELECT 1 FROM envelope WHERE account = ? AND device = ? AND seq = ? AND expires > ?",
            [key.account, key.device, seq, now]) != nil
    }
}
