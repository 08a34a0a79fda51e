import PostgresKit
import SealpostCore
import SealpostStore
import SodiumKit

extension Transaction {
    func deviceExists(_ device: MailboxKey) throws -> Bool {
        try row("SELECT 1 FROM device WHERE account = \(device.account) AND number = \(device.device)") != nil
    }

    func devices(of id: AccountID) throws -> [Device] {
        let heads = try mailboxes(of: id)
        return try run(
            "SELECT number, name, identity_key, created FROM device WHERE account = \(id) ORDER BY number"
        ).map { row in
            let number = try row.device(0)
            guard let head = heads[number] else { throw StoreError.corrupt("a device without its mailbox") }
            return Device(
                number: number, name: try row.text(1), identityKey: try row.bytes(2), state: head.state(at: now),
                created: try row.time(3), lastFetch: head.lastFetch)
        }
    }

    func registerDevice(_ new: NewDevice) throws -> DeviceRegistration {
        guard try lockWithMailboxes(new.account), var session = try session(new.session),
            session.account == new.account
        else { return .unknownSession }
        if let known = try known(new, &session) { return known }
        if let bound = session.device { return .sessionBound(bound) }
        let hash = SHA256.hash(new.identityKey)
        guard let account = try row("SELECT next_device FROM account WHERE id = \(new.account)") else {
            return .unknownSession
        }
        let number = try account.device(0)
        let held = try row("SELECT count(*) FROM device WHERE account = \(new.account)")?.count(0)
        // Who retires a key has held it: to see that nobody does, this waits for who removes its device.
        let inserted =
            try run(
                """
                INSERT INTO device (account, number, created, identity_key, name)
                SELECT \(new.account), \(number), \(now), \(new.identityKey), \(new.name)
                WHERE \((held ?? 0) < Limits.devices && number.value <= Limits.devicesEver)
                ON CONFLICT (identity_key) DO NOTHING
                """
            ).changes > 0
        let isRetired = try row("SELECT 1 FROM retired_identity_key WHERE hash = \(hash)") != nil
        guard inserted, !isRetired else {
            let isHeld = try row("SELECT 1 FROM device WHERE identity_key = \(new.identityKey)") != nil
            if inserted {
                try run("DELETE FROM device WHERE account = \(new.account) AND number = \(number)")
            }
            if isRetired || isHeld { return .keyTaken }
            return (held ?? 0) < Limits.devices ? .tooManyEver : .tooMany
        }
        later("UPDATE account SET next_device = next_device + 1 WHERE id = \(new.account)")
        setLongLived(new.prekeys, of: MailboxKey(account: new.account, device: number))
        bind(&session, to: number)
        return .registered(number, session)
    }

    /// What a device comes to whose key is that of one which is there already.
    private func known(_ new: NewDevice, _ session: inout Session) throws -> DeviceRegistration? {
        guard
            let holder = try row("SELECT account, number FROM device WHERE identity_key = \(new.identityKey)")
        else { return nil }
        guard try holder.account(0) == new.account else { return .keyTaken }
        let number = try holder.device(1)
        if let bound = session.device, bound != number { return .sessionBound(bound) }
        bind(&session, to: number)
        return .registered(number, session)
    }

    private func bind(_ session: inout Session, to device: DeviceNumber) {
        guard session.device != device else { return }
        later("UPDATE session SET device = \(device) WHERE id = \(session.id)")
        session.device = device
    }

    func removeDevice(_ device: MailboxKey) throws -> Bool {
        guard try lockWithMailboxes(device.account),
            let row = try row(
                """
                SELECT identity_key FROM device WHERE account = \(device.account) AND number = \(device.device)
                """)
        else { return false }
        let until = try lastBearer(of: device.account, device: device.device)
        // An access token from before its session was bound names no device.
        let sessions = try run(
            "SELECT id FROM session WHERE account = \(device.account) AND device = \(device.device)"
        ).map { try $0.recordID(0) }
        retire(identityKey: try row.bytes(0))
        // Rows of `deposit` stay: an id is known for its time, whatever happens to the device.
        leaveToSweeps(.device(device))
        for table in ["long_lived_prekey", "token"] {
            later(
                """
                DELETE FROM \(unsafeSQL: table) WHERE account = \(device.account) AND device = \(device.device)
                """)
        }
        later("DELETE FROM device WHERE account = \(device.account) AND number = \(device.device)")
        revoke([.device(device)], until: until)
        end(sessions)
        return true
    }

    /// Only a hash stays, so that the key is never accepted again and no removed device can be read from the table.
    func retire(identityKey: [UInt8]) {
        later(
            "INSERT INTO retired_identity_key (hash) VALUES (\(SHA256.hash(identityKey))) ON CONFLICT DO NOTHING")
    }

    func openDevice(_ device: MailboxKey, last: UInt64, nonce: [UInt8]) throws -> OpeningOutcome {
        try lock(device)
        guard
            let row = try row(
                """
                SELECT opening, opening_nonce FROM device
                WHERE account = \(device.account) AND number = \(device.device)
                """)
        else { return .unknownDevice }
        let (outcome, isNew) = OpeningOutcome.next(
            newest: UInt64(bitPattern: try row.integer(0)), nonce: try row.optionalBytes(1), last: last, nonce: nonce)
        if isNew {
            later(
                """
                UPDATE device SET opening = \(Int64(bitPattern: last + 1)), opening_nonce = \(nonce)
                WHERE account = \(device.account) AND number = \(device.device)
                """)
        }
        return outcome
    }
}
