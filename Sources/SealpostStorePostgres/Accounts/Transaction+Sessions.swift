import PostgresKit
import SealpostCore
import SealpostStore

/// Whatever changes an account's sessions locks the account first, so one does not end while another counts them.
extension Transaction {
    private static let sessionColumns = """
        session.id, session.account, account.handle, session.device, session.created, session.last_used, session.ends, \
        session.current, session.authenticated FROM session JOIN account ON account.id = session.account
        """

    private func session(_ row: Row) throws -> Session {
        Session(
            id: try row.recordID(0), account: try row.account(1), handle: try row.handle(2),
            device: try row.optionalDevice(3), created: try row.time(4), lastUsed: try row.time(5),
            ends: try row.time(6), current: try row.integer(7), authenticated: try row.time(8))
    }

    /// A session whose life is over is not there, swept or not.
    func session(_ id: RecordID) throws -> Session? {
        try row("SELECT \(unsafeSQL: Self.sessionColumns) WHERE session.id = \(id) AND session.ends > \(now)")
            .map(session)
    }

    func sessions(of id: AccountID) throws -> [Session] {
        try run(
            """
            SELECT \(unsafeSQL: Self.sessionColumns) WHERE session.account = \(id) AND session.ends > \(now)
            ORDER BY session.created, session.id
            """
        ).map(session)
    }

    func createSession(
        _ new: NewSession, of id: AccountID, verified: VerifiedCredential
    ) throws -> SessionCreation {
        guard try lock(id),
            let account = try row("SELECT handle, password_hash, account_key FROM account WHERE id = \(id)")
        else { return .unknownAccount }
        let isCurrent = verified.isCurrent(
            passwordHash: try account.optionalText(1), accountKey: try account.optionalBytes(2))
        guard isCurrent else { return .credentialChanged }
        if let device = new.device {
            guard try deviceExists(MailboxKey(account: id, device: device)) else { return .unknownDevice }
        }
        let extra = try run(
            """
            SELECT id FROM session WHERE account = \(id) ORDER BY last_used DESC, id
            OFFSET \(Limits.sessionsPerAccount - 1)
            """
        ).map { try $0.recordID(0) }
        let session = try insertSession(new, of: id, handle: account.handle(0))
        end(extra)
        return .created(session)
    }

    func insertSession(_ new: NewSession, of id: AccountID, handle: Handle) throws -> Session {
        let session = Session(
            id: new.id, account: id, handle: handle, device: new.device, created: now, lastUsed: now,
            ends: now + Limits.sessionLife, current: 1, authenticated: now)
        try run(
            """
            INSERT INTO session (id, account, device, created, last_used, ends, current, authenticated)
            VALUES (\(session.id), \(id), \(session.device), \(now), \(now), \(session.ends), \(session.current), \(now))
            """)
        return session
    }

    func refreshSession(_ id: RecordID, number: Int64) throws -> RefreshOutcome {
        guard let account = try session(id)?.account, try lock(account), var session = try session(id) else {
            return .unknown
        }
        switch session.step(for: number) {
        case .advance:
            session.current += 1
            session.lastUsed = now
            later("UPDATE session SET current = \(session.current), last_used = \(now) WHERE id = \(id)")
            return .refreshed(session)
        case .repeatCurrent:
            return .refreshed(session)
        case .end:
            end([id])
            return .reused
        case .refuse:
            return .unknown
        }
    }

    func endSession(_ session: RecordID, of id: AccountID) throws -> Bool {
        guard try lock(id), try row("SELECT 1 FROM session WHERE id = \(session) AND account = \(id)") != nil else {
            return false
        }
        end([session])
        return true
    }

    func endSessions(of id: AccountID, keeping kept: RecordID?) throws {
        let sessions = try run("SELECT id FROM session WHERE account = \(id)").map { try $0.recordID(0) }
        end(sessions.filter { $0 != kept })
    }

    /// Ends sessions of a locked account, as the last thing of a transaction.
    func end(_ sessions: [RecordID]) {
        guard !sessions.isEmpty else { return }
        later("DELETE FROM session WHERE id = ANY(\(sessions.map(\.bytes)))")
        revoke(sessions.map(RevokedSubject.session), until: now + Limits.accessLife)
    }

    func spendChallenge(_ hash: [UInt8], expires: Timestamp) throws -> Bool {
        // Its row may have been swept: what is over counts as used.
        guard expires > now else { return false }
        return try run(
            "INSERT INTO challenge (hash, expires) VALUES (\(hash), \(expires)) ON CONFLICT (hash) DO NOTHING"
        ).changes > 0
    }
}
