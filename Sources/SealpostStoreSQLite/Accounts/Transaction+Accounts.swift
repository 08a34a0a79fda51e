import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    private static let directoryColumns = """
        id, handle, account_key, list_version, list_hash, list_bytes, list_signature
        """

    func account(_ id: AccountID) throws -> Account? {
        try row("SELECT \(Self.directoryColumns), created, email_sealed FROM account WHERE id = ?", [id]).map { row in
            let entry = try directoryEntry(row)
            return Account(
                id: id, handle: entry.handle, created: row.time(7),
                email: try row.optionalBytes(8).map { try unsealedEmail($0, of: id) }, accountKey: entry.accountKey,
                list: entry.list)
        }
    }

    func account(named handle: Handle) throws -> DirectoryEntry? {
        try row("SELECT \(Self.directoryColumns) FROM account WHERE handle = ?", [handle.description])
            .map(directoryEntry)
    }

    private func directoryEntry(_ row: Row) throws -> DirectoryEntry {
        var list: StoredDeviceList?
        if let hash = try row.optionalBytes(4) {
            list = StoredDeviceList(
                version: UInt64(bitPattern: row.integer(3)), hash: hash, bytes: try row.bytes(5),
                signature: try row.bytes(6))
        }
        return DirectoryEntry(
            id: row.account(0), handle: try row.handle(1), accountKey: try row.optionalBytes(2), list: list)
    }

    func accountExists(_ id: AccountID) throws -> Bool {
        try row("SELECT 1 FROM account WHERE id = ?", [id]) != nil
    }

    func createAccount(_ new: NewAccount) throws -> AccountCreation {
        let handle = new.handle.description
        let isTaken =
            try row("SELECT 1 FROM account WHERE handle = ?", [handle]) != nil
            || row("SELECT 1 FROM retired_handle WHERE handle = ?", [handle]) != nil
        guard !isTaken else { return .handleTaken }
        if let email = new.email, try accountID(withEmail: email) != nil { return .emailTaken }
        try run(
            "INSERT INTO account (handle, created, password_hash, account_key) VALUES (?, ?, ?, ?)",
            [handle, now, new.passwordHash, blob(new.accountKey)])
        let id = AccountID(db.lastInsertedRowID)
        if let email = new.email { try setEmail(email, of: id) }
        let session = try insertSession(new.session, of: id, handle: new.handle)
        let account = Account(
            id: id, handle: new.handle, created: now, email: new.email, accountKey: new.accountKey, list: nil)
        return .created(account, session)
    }

    func credentials(for login: Login) throws -> Credentials? {
        let found: AccountID?
        switch login {
        case .handle(let handle):
            found = try row("SELECT id FROM account WHERE handle = ?", [handle.description])?.account(0)
        case .email(let email):
            found = try accountID(withEmail: email)
        }
        guard let id = found,
            let row = try row("SELECT handle, password_hash, account_key FROM account WHERE id = ?", [id])
        else { return nil }
        return Credentials(
            account: id, handle: try row.handle(0), passwordHash: row.optionalText(1),
            accountKey: try row.optionalBytes(2))
    }

    func changeAccount(_ id: AccountID, _ change: AccountChange) throws -> AccountChangeOutcome {
        guard try accountExists(id) else { return .unknownAccount }
        if let email = change.email {
            if let email {
                if let holder = try accountID(withEmail: email), holder != id { return .emailTaken }
                try setEmail(email, of: id)
            } else {
                try run(
                    "UPDATE account SET email_key = NULL, email_hash = NULL, email_sealed = NULL WHERE id = ?", [id])
            }
        }
        if let passwordHash = change.passwordHash {
            try run("UPDATE account SET password_hash = ? WHERE id = ?", [passwordHash, id])
            try endSessions(of: id, keeping: change.keeping)
        }
        guard let account = try account(id) else { return .unknownAccount }
        return .changed(account)
    }

    func deleteAccount(_ id: AccountID) throws -> Bool {
        guard let account = try row("SELECT handle FROM account WHERE id = ?", [id]) else { return false }
        try revoke(.account(id), until: lastBearer("account = ?", [id]))
        try run("INSERT INTO retired_handle (handle) VALUES (?)", [account.text(0)])
        let devices = try rows("SELECT number, identity_key FROM device WHERE account = ?", [id]) {
            (number: try $0.device(0), key: try $0.bytes(1))
        }
        for device in devices {
            try retire(identityKey: device.key)
            try leaveToSweeps(.device(MailboxKey(account: id, device: device.number)))
        }
        try leaveToSweeps(.account(id))
        for table in ["long_lived_prekey", "device", "token", "session"] {
            try run("DELETE FROM \(table) WHERE account = ?", [id])
        }
        try run("DELETE FROM account WHERE id = ?", [id])
        return true
    }
}
