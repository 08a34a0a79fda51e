import GRDB
import SealpostCore
import SealpostStore

/// The row of a device, as far as its mailbox and state need it. Changes are made here and saved once.
struct Mailbox {
    let key: MailboxKey
    /// Since when the list names the device; nil: pending, without a mailbox.
    var listed: Timestamp?
    var lastFetch: Timestamp?
    /// The last dormancy: since when it was (nil: its end was acknowledged), and the fetch that ended it.
    var dormantSince: Timestamp?
    var dormancyEnd: Timestamp?
    var head: Sequence
    var acked: Sequence
    var count: Int
    var bytes: Int
    var refused: Int64
    var tombstones: Int
    /// No envelope expires before; it may be earlier than the first one does.
    var nextExpiry: Timestamp?
    var oneTime: Int
    var oneTimeKEM: Int

    var isListed: Bool { listed != nil }
    var prekeys: PrekeyCounts { PrekeyCounts(oneTime: oneTime, oneTimeKEM: oneTimeKEM) }

    /// The last sign of life: a fetch, or that it was listed.
    var lastSeen: Timestamp? { listed.map { max($0, lastFetch ?? $0) } }

    func isDormant(at now: Timestamp) -> Bool {
        lastSeen.map { $0 + Limits.dormancy <= now } ?? false
    }

    /// The dormancy that a fetch tells of: one that it ends, or that ended within a day and is not known to have been
    /// told, for the answer may have been lost. An empty mailbox gives nothing to acknowledge: hence the day.
    func toldDormancy(at now: Timestamp) -> Timestamp? {
        if isDormant(at: now) { return lastSeen }
        return dormancyEnd.flatMap { now < $0 + .days(1) ? dormantSince : nil }
    }

    func state(at now: Timestamp) -> DeviceState {
        !isListed ? .pending : isDormant(at: now) ? .dormant : .listed
    }

    /// Whether an envelope of this size is refused.
    func isFull(for size: Int) -> Bool {
        count >= Limits.mailboxEnvelopes || bytes + size > Limits.mailboxBytes
    }

    /// Whether something may be in it that is over.
    func mayHoldExpired(at now: Timestamp) -> Bool {
        nextExpiry.map { $0 <= now } ?? false
    }
}

extension [DeviceNumber: Mailbox] {
    /// What a strict deposit must cover: listed, existing, not dormant, not the depositing device itself.
    func required(of account: AccountID, except own: MailboxKey?, at now: Timestamp) -> [DeviceNumber] {
        values.filter { $0.isListed && !$0.isDormant(at: now) && $0.key != own }.map(\.key.device).sorted()
    }

    /// The devices that wait for a list that names them.
    var pending: [DeviceNumber] { values.filter { !$0.isListed }.map(\.key.device).sorted() }
}

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
