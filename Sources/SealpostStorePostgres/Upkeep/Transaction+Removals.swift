import PostgresKit
import SealpostCore
import SealpostStore

/// Devices and accounts go at once, by their rows; what may be a lot of theirs is erased by sweeps, some at a time.
/// Numbers are never used again: nothing finds it meanwhile.
enum Removal {
    case device(MailboxKey)
    case account(AccountID)

    fileprivate init(_ row: Row) throws {
        guard try row.integer(1) != 0 else {
            self = .account(try row.account(0))
            return
        }
        self = .device(MailboxKey(account: try row.account(0), device: try row.device(1)))
    }

    /// Account and device as in the table, where no device is 0.
    fileprivate var place: (account: AccountID, device: Int32) {
        switch self {
        case .device(let key): (key.account, key.device.column)
        case .account(let id): (id, 0)
        }
    }

    /// The tables with rows of it, and what names a row there besides the account.
    fileprivate var tables: [(name: String, key: String)] {
        switch self {
        case .device:
            [
                ("envelope", "device, seq"), ("one_time_prekey", "device, kind, position"),
                ("given_prekey", "device, space, id"),
            ]
        case .account:
            [("deposit", "name, device"), ("claim", "name"), ("idempotency_key", "name")]
        }
    }

    /// Which of their rows these are, besides the account.
    fileprivate var condition: String {
        switch self {
        case .device: "AND device ="
        case .account: "AND 0 ="
        }
    }
}

extension Transaction {
    func leaveToSweeps(_ removal: Removal) {
        if case .device(let key) = removal {
            // Few and small, as many as a mailbox keeps at most.
            later("DELETE FROM tombstone WHERE account = \(key.account) AND device = \(key.device)")
        }
        later(
            "INSERT INTO removal (account, device) VALUES (\(removal.place.account), \(removal.place.device))")
    }

    /// Erases at most `limit` rows of what was removed. Answers how many went, and whether there are more.
    func sweepRemovals(limit: Int) throws -> (removed: Int, more: Bool) {
        var removed = 0
        let due = try run("SELECT account, device FROM removal LIMIT \(limit) FOR UPDATE SKIP LOCKED").map {
            try Removal($0)
        }
        for removal in due {
            let (account, device) = removal.place
            for table in removal.tables where removed < limit {
                removed += try run(
                    """
                    DELETE FROM \(unsafeSQL: table.name) WHERE account = \(account) AND (\(unsafeSQL: table.key)) IN (
                        SELECT \(unsafeSQL: table.key) FROM \(unsafeSQL: table.name)
                        WHERE account = \(account) \(unsafeSQL: removal.condition) \(device) LIMIT \(limit - removed))
                    """
                ).changes
            }
            // As much as was allowed, which may be all: the next sweep looks once more.
            guard removed < limit else { return (removed, true) }
            try run("DELETE FROM removal WHERE account = \(account) AND device = \(device)")
        }
        return (removed, due.count >= limit)
    }
}
