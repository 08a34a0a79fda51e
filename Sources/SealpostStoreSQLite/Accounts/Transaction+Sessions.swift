import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    private static let sessionColumns = """
        session.id, session.account, account.handle, session.device, session.created, session.last_used, session.ends, \
        session.current, session.authenticated FROM session JOIN account ON account.id = session.account
        """

    private func session(_ row: Row) throws -> Session {
        Session(
            id: try row.recordID(0), account: row.account(1), handle: try row.handle(2),
            device: try row.optionalDevice(3), created: row.time(4), lastUsed: row.time(5), ends: row.time(6),
            current: row.integer(7), authenticated: row.time(8))
    }

    /// A session whose life is over is not there, swept or not.
    func session(_ id: RecordID) throws -> Session? {
        try row("SELECT \(Self.sessionColumns) WHERE session.id = ? AND session.ends > ?", [id, now]).map(session)
    }

    func sessions(of id: AccountID) throws -> [Session] {
        try rows(
            """
            SELECT \(Self.sessionColumns) WHERE session.account = ? AND session.ends > ?
            ORDER BY session.created, session.id
            """, [id, now], session)
    }

    func createSession(
        _ new: NewSession, of id: AccountID, verified: VerifiedCredential
    ) throws -> SessionCreation {
        guard let account = try row("SELECT handle, password_hash, account_key FROM account WHERE id = ?", [id]) else {
            return .unknownAccount
        }
        guard try verified.isCurrent(passwordHash: account.optionalText(1), accountKey: account.optionalBytes(2)) else {
            return .credentialChanged
        }
        if let device = new.device {
            guard try deviceExists(MailboxKey(account: id, device: device)) else { return .unknownDevice }
        }
        let extra = try rows(
            """
            SELECT id FROM session WHERE account = ? ORDER BY last_used DESC, id LIMIT -1 OFFSET ?
            """, [id, Limits.sessionsPerAccount - 1]
        ) { try $0.recordID(0) }
        for session in extra { _ = try endSession(session, of: id) }
        return .created(try insertSession(new, of: id, handle: account.handle(0)))
    }

    func insertSession(_ new: NewSession, of id: AccountID, handle: Handle) throws -> Session {
        let session = Session(
            id: new.id, account: id, handle: handle, device: new.device, created: now, lastUsed: now,
            ends: now + Limits.sessionLife, current: 1, authenticated: now)
        try run(
            """
            INSERT INTO session (id, account, device, created, last_used, ends, current, authenticated)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, [session.id, id, session.device, now, now, session.ends, session.current, now])
        return session
    }

    func refreshSession(_ id: RecordID, number: Int64) throws -> RefreshOutcome {
        guard var session = try session(id) else { return .unknown }
        switch session.step(for: number) {
        case .advance:
            session.current += 1
            session.lastUsed = now
            try run("UPDATE session SET current = ?, last_used = ? WHERE id = ?", [session.current, now, id])
            return .refreshed(session)
        case .repeatCurrent:
            return .refreshed(session)
        case .end:
            _ = try endSession(id, of: session.account)
            return .reused
        case .refuse:
            return .unknown
        }
    }

    func endSession(_ session: RecordID, of id: AccountID) throws -> Bool {
        try run("DELETE FROM session WHERE id = ? AND account = ?", [session, id])
        guard changes > 0 else { return false }
        try revoke(.session(session), until: now + Limits.accessLife)
        return true
    }

    func endSessions(of id: AccountID, keeping kept: RecordID?) throws {
        let sessions = try rows("SELECT id FROM session WHERE account = ?", [id]) { try $0.recordID(0) }
        for session in sessions where session != kept { _ = try endSession(session, of: id) }
    }

    func spendChallenge(_ hash: [UInt8], expires: Timestamp) throws -> Bool {
        // Its row may have been swept: what is over counts as used.
        guard expires > now else { return false }
        try run("INSERT OR IGNORE INTO challenge (hash, expires) VALUES (?, ?)", [blob(hash), expires])
        return changes > 0
    }
}
