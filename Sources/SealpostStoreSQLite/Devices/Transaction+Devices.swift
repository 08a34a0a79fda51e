import GRDB
import SealpostCore
import SealpostStore
import SodiumKit

extension Transaction {
    func deviceExists(_ device: MailboxKey) throws -> Bool {
        try row("SELECT 1 FROM device WHERE account = ? AND number = ?", [device.account, device.device]) != nil
    }

    func devices(of id: AccountID) throws -> [Device] {
        let heads = try mailboxes(of: id)
        return try rows(
            "SELECT number, name, identity_key, created FROM device WHERE account = ? ORDER BY number", [id]
        ) { row in
            let number = try row.device(0)
            guard let head = heads[number] else { throw StoreError.corrupt("a device without its mailbox") }
            return Device(
                number: number, name: row.text(1), identityKey: try row.bytes(2), state: head.state(at: now),
                created: row.time(3), lastFetch: head.lastFetch)
        }
    }

    func registerDevice(_ new: NewDevice) throws -> DeviceRegistration {
        guard var session = try session(new.session), session.account == new.account else { return .unknownSession }
        let holder = try row("SELECT account, number FROM device WHERE identity_key = ?", [blob(new.identityKey)])
        if let holder {
            guard holder.account(0) == new.account else { return .keyTaken }
            let number = try holder.device(1)
            if let bound = session.device, bound != number { return .sessionBound(bound) }
            try bind(&session, to: number)
            return .registered(number, session)
        }
        if let bound = session.device { return .sessionBound(bound) }
        let hash = SHA256.hash(new.identityKey)
        guard try row("SELECT 1 FROM retired_identity_key WHERE hash = ?", [blob(hash)]) == nil else {
            return .keyTaken
        }
        let held = try row("SELECT count(*) FROM device WHERE account = ?", [new.account])?.count(0)
        guard held ?? 0 < Limits.devices else { return .tooMany }
        guard let account = try row("SELECT next_device FROM account WHERE id = ?", [new.account]) else {
            return .unknownSession
        }
        let number = try account.device(0)
        guard number.value <= Limits.devicesEver else { return .tooManyEver }
        try run("UPDATE account SET next_device = next_device + 1 WHERE id = ?", [new.account])
        try run(
            "INSERT INTO device (account, number, created, identity_key, name) VALUES (?, ?, ?, ?, ?)",
            [new.account, number, now, blob(new.identityKey), new.name])
        try setLongLived(new.prekeys, of: MailboxKey(account: new.account, device: number))
        try bind(&session, to: number)
        return .registered(number, session)
    }

    private func bind(_ session: inout Session, to device: DeviceNumber) throws {
        guard session.device != device else { return }
        try run("UPDATE session SET device = ? WHERE id = ?", [device, session.id])
        session.device = device
    }

    func removeDevice(_ device: MailboxKey) throws -> Bool {
        let place: StatementArguments = [device.account, device.device]
        guard let row = try row("SELECT identity_key FROM device WHERE account = ? AND number = ?", place) else {
            return false
        }
        try revoke(.device(device), until: lastBearer("account = ? AND device = ?", place))
        // An access token from before its session was bound names no device.
        let sessions = try rows("SELECT id FROM session WHERE account = ? AND device = ?", place) { try $0.recordID(0) }
        for session in sessions { _ = try endSession(session, of: device.account) }
        try retire(identityKey: row.bytes(0))
        // Rows of `deposit` stay: an id is known for its time, whatever happens to the device.
        try leaveToSweeps(.device(device))
        for table in ["long_lived_prekey", "token"] {
            try run("DELETE FROM \(table) WHERE account = ? AND device = ?", place)
        }
        try run("DELETE FROM device WHERE account = ? AND number = ?", place)
        return true
    }

    /// Only a hash stays, so that the key is never accepted again and no removed device can be read from the table.
    func retire(identityKey: [UInt8]) throws {
        try run(
            "INSERT OR IGNORE INTO retired_identity_key (hash) VALUES (?)", [blob(SHA256.hash(identityKey))])
    }

    func openDevice(_ device: MailboxKey, last: UInt64, nonce: [UInt8]) throws -> OpeningOutcome {
        guard
            let row = try row(
                "SELECT opening, opening_nonce FROM device WHERE account = ? AND number = ?",
                [device.account, device.device])
        else { return .unknownDevice }
        let (outcome, isNew) = OpeningOutcome.next(
            newest: UInt64(bitPattern: row.integer(0)), nonce: try row.optionalBytes(1), last: last, nonce: nonce)
        if isNew {
            try run(
                "UPDATE device SET opening = ?, opening_nonce = ? WHERE account = ? AND number = ?",
                [Int64(bitPattern: last + 1), blob(nonce), device.account, device.device])
        }
        return outcome
    }
}
