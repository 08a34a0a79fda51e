import PostgresKit
import SealpostCore
import SealpostStore

/// Lock, then look: a statement that waited for a lock still sees the world from before it, so what it locks is read by
/// statements after it. Order: account, then mailboxes by (account, device); the row of the revocation counter comes last
/// of all.
extension Transaction {
    /// Locks an account's row; false if it is not there.
    func lock(_ account: AccountID) throws -> Bool {
        try run("SELECT 1 FROM account WHERE id = \(account) FOR NO KEY UPDATE").count > 0
    }

    /// Locks an account and then all of its mailboxes: for what deposits must be wholly before or after.
    func lockWithMailboxes(_ account: AccountID) throws -> Bool {
        try pipeline([
            "SELECT 1 FROM account WHERE id = \(account) FOR NO KEY UPDATE",
            "SELECT 1 FROM device WHERE account = \(account) ORDER BY number FOR NO KEY UPDATE",
        ])[0].count > 0
    }

    func lock(_ mailbox: MailboxKey) throws {
        try run(
            """
            SELECT 1 FROM device WHERE account = \(mailbox.account) AND number = \(mailbox.device) FOR NO KEY UPDATE
            """)
    }

    /// What locks mailboxes, to be sent before what looks at them; the answer has the account and number of each that
    /// was locked. Each key at most once.
    func locking(_ mailboxes: [MailboxKey]) -> Query {
        """
        SELECT device.account, device.number
        FROM unnest(\(mailboxes.map(\.account.value)), \(mailboxes.map(\.device.column))) AS wanted (account, number)
        JOIN device ON device.account = wanted.account AND device.number = wanted.number
        ORDER BY device.account, device.number FOR NO KEY UPDATE OF device \(unsafeSQL: skipping)
        """
    }

    var skipping: String { skipsLocked ? "SKIP LOCKED" : "" }
}

extension Rows {
    /// Accounts and numbers in the first columns.
    func mailboxKeys() throws -> Set<MailboxKey> {
        try Set(map { MailboxKey(account: try $0.account(0), device: try $0.device(1)) })
    }
}
