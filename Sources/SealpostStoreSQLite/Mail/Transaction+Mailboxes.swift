import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    private static let mailboxColumns = """
        account, number, listed, last_fetch, dormant_since, dormancy_end, head, acked, count, bytes, refused, \
        tombstones, next_expiry, one_time, one_time_kem
        """

    func mailbox(_ key: MailboxKey) throws -> Mailbox? {
        try row(
            "SELECT \(Self.mailboxColumns) FROM device WHERE account = ? AND number = ?", [key.account, key.device]
        ).map(mailbox)
    }

    /// Every device of the account, also the pending ones.
    func mailboxes(of id: AccountID) throws -> [DeviceNumber: Mailbox] {
        var mailboxes: [DeviceNumber: Mailbox] = [:]
        try eachRow("SELECT \(Self.mailboxColumns) FROM device WHERE account = ?", [id]) {
            let mailbox = try mailbox($0)
            mailboxes[mailbox.key.device] = mailbox
            return true
        }
        return mailboxes
    }

    private func mailbox(_ row: Row) throws -> Mailbox {
        Mailbox(
            key: MailboxKey(account: row.account(0), device: try row.device(1)), listed: row.optionalTime(2),
            lastFetch: row.optionalTime(3), dormantSince: row.optionalTime(4), dormancyEnd: row.optionalTime(5),
            head: row.sequence(6), acked: row.sequence(7), count: row.count(8), bytes: row.count(9),
            refused: row.integer(10), tombstones: row.count(11), nextExpiry: row.optionalTime(12),
            oneTime: row.count(13), oneTimeKEM: row.count(14))
    }

    /// Saves what deposits, acknowledgements, withdrawals and sweeps change.
    func save(_ mailbox: Mailbox) throws {
        try run(
            """
            UPDATE device SET head = ?, acked = ?, count = ?, bytes = ?, refused = ?, tombstones = ?, next_expiry = ?,
            dormant_since = ? WHERE account = ? AND number = ?
            """,
            [
                mailbox.head, mailbox.acked, mailbox.count, mailbox.bytes, mailbox.refused, mailbox.tombstones,
                mailbox.nextExpiry, mailbox.dormantSince, mailbox.key.account, mailbox.key.device,
            ])
    }
}
