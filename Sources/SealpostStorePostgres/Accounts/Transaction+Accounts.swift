import PostgresKit
import SealpostCore
import SealpostStore

extension Transaction {
    private static let directoryColumns = """
        id, handle, account_key, list_version, list_hash, list_bytes, list_signature
        """

    func account(_ id: AccountID) throws -> Account? {
        let query: Query = """
            SELECT \(unsafeSQL: Self.directoryColumns), created, email_sealed FROM account WHERE id = \(id)
            """
        return try row(query).map { row in
            let entry = try directoryEntry(row)
            return Account(
                id: id, handle: entry.handle, created: try row.time(7),
                email: try row.optionalBytes(8).map { try unsealedEmail($0, of: id) }, accountKey: entry.accountKey,
                list: entry.list)
        }
    }

    func account(named handle: Handle) throws -> DirectoryEntry? {
        let query: Query = """
            SELECT \(unsafeSQL: Self.directoryColumns) FROM account WHERE handle = \(handle.description)
            """
        return try row(query).map(directoryEntry)
    }

    private func directoryEntry(_ row: Row) throws -> DirectoryEntry {
        var list: StoredDeviceList?
        if let hash = try row.optionalBytes(4) {
            list = StoredDeviceList(
                version: UInt64(bitPattern: try row.integer(3)), hash: hash, bytes: try row.bytes(5),
                signature: try row.bytes(6))
        }
        return DirectoryEntry(
            id: try row.account(0), handle: try row.handle(1), accountKey: try row.optionalBytes(2), list: list)
    }

    func createAccount(_ new: NewAccount) throws -> AccountCreation {
        let handle = new.handle.description
        if let email = new.email { try lock(email: email) }
        // Waits for whoever is creating, or deleting, an account of this handle; what they did is seen afterwards.
        let created = try row(
            """
            INSERT INTO account (handle, created, password_hash, account_key)
            VALUES (\(handle), \(now), \(new.passwordHash), \(new.accountKey))
            ON CONFLICT (handle) DO NOTHING RETURNING id
            """)
        guard let id = try created?.account(0) else { return .handleTaken }
        let isRetired = try row("SELECT 1 FROM retired_handle WHERE handle = \(handle)") != nil
        let isTaken = try new.email.map { try accountID(withEmail: $0) != nil } ?? false
        guard !isRetired, !isTaken else {
            try run("DELETE FROM account WHERE id = \(id)")
            return isRetired ? .handleTaken : .emailTaken
        }
        if let email = new.email { try setEmail(email, of: id) }
        let session = try insertSession(new.session, of: id, handle: new.handle)
        let account = Account(
            id: id, handle: new.handle, created: now, email: new.email, accountKey: new.accountKey, list: nil)
        return .created(account, session)
    }

    func credentials(for login: Login) throws -> Credentials? {
        let columns = "SELECT id, handle, password_hash, account_key FROM account"
        let found: Row?
        switch login {
        case .handle(let handle):
            found = try row("\(unsafeSQL: columns) WHERE handle = \(handle.description)")
        case .email(let email):
            guard let id = try accountID(withEmail: email) else { return nil }
            found = try row("\(unsafeSQL: columns) WHERE id = \(id)")
        }
        return try found.map { row in
            Credentials(
                account: try row.account(0), handle: try row.handle(1), passwordHash: try row.optionalText(2),
                accountKey: try row.optionalBytes(3))
        }
    }

    func changeAccount(_ id: AccountID, _ change: AccountChange) throws -> AccountChangeOutcome {
        guard try lock(id) else { return .unknownAccount }
        if let email = change.email {
            if let email {
                try lock(email: email)
                if let holder = try accountID(withEmail: email), holder != id { return .emailTaken }
                try setEmail(email, of: id)
            } else {
                try run(
                    "UPDATE account SET email_key = NULL, email_hash = NULL, email_sealed = NULL WHERE id = \(id)")
            }
        }
        if let passwordHash = change.passwordHash {
            try run("UPDATE account SET password_hash = \(passwordHash) WHERE id = \(id)")
            try endSessions(of: id, keeping: change.keeping)
        }
        guard let account = try account(id) else { return .unknownAccount }
        return .changed(account)
    }

    func deleteAccount(_ id: AccountID) throws -> Bool {
        guard try lockWithMailboxes(id) else { return false }
        guard let account = try row("SELECT handle FROM account WHERE id = \(id)") else { return false }
        let until = try lastBearer(of: id)
        later("INSERT INTO retired_handle (handle) VALUES (\(try account.text(0)))")
        let devices = try run("SELECT number, identity_key FROM device WHERE account = \(id)").map {
            (number: try $0.device(0), key: try $0.bytes(1))
        }
        for device in devices {
            retire(identityKey: device.key)
            leaveToSweeps(.device(MailboxKey(account: id, device: device.number)))
        }
        leaveToSweeps(.account(id))
        for table in ["long_lived_prekey", "device", "token", "session"] {
            later("DELETE FROM \(unsafeSQL: table) WHERE account = \(id)")
        }
        later("DELETE FROM account WHERE id = \(id)")
        revoke([.account(id)], until: until)
        return true
    }
}
