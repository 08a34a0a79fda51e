import PostgresKit
import SealpostCore
import SealpostStore

extension Transaction {
    static let mailboxColumns = """
        device.account, device.number, device.listed, device.last_fetch, device.dormant_since, device.dormancy_end, \
        device.head, device.acked, device.count, device.bytes, device.refused, device.tombstones, device.next_expiry, \
        device.one_time, device.one_time_kem
        """
    private static let mailboxWidth = 15

    func mailbox(_ key: MailboxKey) throws -> Mailbox? {
        let query: Query = """
            SELECT \(unsafeSQL: Self.mailboxColumns) FROM device WHERE account = \(key.account) AND number = \(key.device)
            """
        return try row(query).map { try Mailbox($0) }
    }

    /// Every device of the account, also the pending ones.
    func mailboxes(of id: AccountID) throws -> [DeviceNumber: Mailbox] {
        let mailboxes = try run("SELECT \(unsafeSQL: Self.mailboxColumns) FROM device WHERE account = \(id)").map {
            try Mailbox($0)
        }
        return Dictionary(uniqueKeysWithValues: mailboxes.map { ($0.key.device, $0) })
    }

    /// What looks at mailboxes that were locked before.
    static func looking(at mailboxes: [MailboxKey]) -> Query {
        """
        SELECT \(unsafeSQL: mailboxColumns)
        FROM unnest(\(mailboxes.map(\.account.value)), \(mailboxes.map(\.device.column))) AS wanted (account, number)
        JOIN device ON device.account = wanted.account AND device.number = wanted.number
        """
    }

    /// Saves what deposits, acknowledgements, withdrawals and sweeps change.
    func save(_ mailboxes: [Mailbox]) {
        guard !mailboxes.isEmpty else { return }
        later(
            """
            UPDATE device SET head = saved.head, acked = saved.acked, count = saved.count, bytes = saved.bytes,
                refused = saved.refused, tombstones = saved.tombstones, next_expiry = saved.next_expiry,
                dormant_since = saved.dormant_since
            FROM unnest(\(mailboxes.map(\.key.account.value)), \(mailboxes.map(\.key.device.column)),
                \(mailboxes.map(\.head.value)), \(mailboxes.map(\.acked.value)), \(mailboxes.map { Int32($0.count) }),
                \(mailboxes.map(\.bytes)), \(mailboxes.map(\.refused)), \(mailboxes.map { Int32($0.tombstones) }),
                \(mailboxes.map { $0.nextExpiry?.milliseconds }), \(mailboxes.map { $0.dormantSince?.milliseconds }))
                AS saved (account, number, head, acked, count, bytes, refused, tombstones, next_expiry, dormant_since)
            WHERE device.account = saved.account AND device.number = saved.number
            """)
    }

    // MARK: Recipients

    private static let recipientColumns = """
        \(mailboxColumns), account.id, account.handle, account.list_version, account.list_hash
        """

    /// Accounts with all their devices, a row a device; one row without a device for an account that has none.
    static func recipients(named handles: [String]) -> Query {
        """
        SELECT \(unsafeSQL: recipientColumns) FROM unnest(\(handles)) AS wanted (handle)
        JOIN account ON account.handle = wanted.handle LEFT JOIN device ON device.account = account.id
        """
    }

    static func recipients(_ accounts: [AccountID]) -> Query {
        """
        SELECT \(unsafeSQL: recipientColumns) FROM unnest(\(accounts.map(\.value))) AS wanted (id)
        JOIN account ON account.id = wanted.id LEFT JOIN device ON device.account = account.id
        """
    }

    static func recipients(from rows: Rows) throws -> [Recipient] {
        var recipients: [AccountID: Recipient] = [:]
        for row in rows {
            let id = try row.account(mailboxWidth)
            if recipients[id] == nil {
                let hash = try row.optionalBytes(mailboxWidth + 3)
                recipients[id] = Recipient(
                    id: id, handle: try row.handle(mailboxWidth + 1),
                    listVersion: hash == nil ? nil : UInt64(bitPattern: try row.integer(mailboxWidth + 2)),
                    listHash: hash, mailboxes: [:])
            }
            guard try !row.isNull(0) else { continue }
            let mailbox = try Mailbox(row)
            recipients[id]?.mailboxes[mailbox.key.device] = mailbox
        }
        return Array(recipients.values)
    }
}

extension Mailbox {
    /// From the columns of `Transaction.mailboxColumns`, which are the first ones.
    init(_ row: Row) throws {
        self.init(
            key: MailboxKey(account: try row.account(0), device: try row.device(1)),
            listed: try row.optionalTime(2), lastFetch: try row.optionalTime(3),
            dormantSince: try row.optionalTime(4), dormancyEnd: try row.optionalTime(5), head: try row.sequence(6),
            acked: try row.sequence(7), count: try row.count(8), bytes: try row.count(9),
            refused: try row.integer(10), tombstones: try row.count(11), nextExpiry: try row.optionalTime(12),
            oneTime: try row.count(13), oneTimeKEM: try row.count(14))
    }
}
