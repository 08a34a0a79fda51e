import GRDB
import SealpostCore
import SealpostStore

/// Devices and accounts go at once, by their rows; what may be a lot of theirs is erased by sweeps, some at a time, so
/// that nobody's removal keeps the writer from others. Numbers are never used again: nothing finds it meanwhile.
enum Removal {
    case device(MailboxKey)
    case account(AccountID)

    fileprivate init(account: AccountID, device: Int64) throws {
        guard device != 0 else {
            self = .account(account)
            return
        }
        guard let number = UInt32(exactly: device).flatMap({ DeviceNumber($0) }) else {
            throw StoreError.corrupt("a removal names an impossible device")
        }
        self = .device(MailboxKey(account: account, device: number))
    }

    /// Account and device as in the table, where no device is 0.
    fileprivate var place: StatementArguments {
        switch self {
        case .device(let key): [key.account, key.device]
        case .account(let id): [id, 0]
        }
    }

    /// The tables with rows of it, all of which have rowids.
    fileprivate var tables: [String] {
        switch self {
        case .device: ["envelope", "one_time_prekey", "given_prekey"]
        case .account: ["deposit", "claim", "idempotency_key"]
        }
    }

    /// Which of their rows these are.
    fileprivate var condition: (sql: String, arguments: StatementArguments) {
        switch self {
        case .device(let key): ("account = ? AND device = ?", [key.account, key.device])
        case .account(let id): ("account = ?", [id])
        }
    }
}

extension Transaction {
    func leaveToSweeps(_ removal: Removal) throws {
        if case .device(let key) = removal {
            // Few and small, as many as a mailbox keeps at most.
            try run("DELETE FROM tombstone WHERE account = ? AND device = ?", [key.account, key.device])
        }
        try run("INSERT INTO removal (account, device) VALUES (?, ?)", removal.place)
    }

    /// Erases at most `limit` rows of what was removed. Answers how many went, and whether there are more.
    func sweepRemovals(limit: Int) throws -> (removed: Int, more: Bool) {
        var removed = 0
        let due = try rows("SELECT account, device FROM removal LIMIT ?", [limit]) {
            try Removal(account: $0.account(0), device: $0.integer(1))
        }
        for removal in due {
            let condition = removal.condition
            for table in removal.tables where removed < limit {
                try run(
                    "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) WHERE \(condition.sql) LIMIT ?)",
                    condition.arguments + [limit - removed])
                removed += changes
            }
            // As much as was allowed, which may be all: the next sweep looks once more.
            guard removed < limit else { return (removed, true) }
            try run("DELETE FROM removal WHERE account = ? AND device = ?", removal.place)
        }
        return (removed, due.count >= limit)
    }
}
