import PostgresKit
import SealpostCore
import SealpostStore

/// The log that every node reads; its numbers are given under one row, so that they appear in commit order.
extension Transaction {
    private enum Kind {
        static let session: Int32 = 1
        static let token: Int32 = 2
        static let device: Int32 = 3
        static let account: Int32 = 4
    }

    /// Adds entries with the transaction's last statements: their numbers are given under a row that every transaction
    /// of this kind waits for, so nothing else may be waited for after it.
    func revoke(_ subjects: [RevokedSubject], until: Timestamp) {
        for subject in subjects {
            var id: RecordID?
            var account: AccountID?
            var device: DeviceNumber?
            let kind: Int32
            switch subject {
            case .session(let session): (kind, id) = (Kind.session, session)
            case .token(let token): (kind, id) = (Kind.token, token)
            case .device(let mailbox): (kind, account, device) = (Kind.device, mailbox.account, mailbox.device)
            case .account(let subject): (kind, account) = (Kind.account, subject)
            }
            later("UPDATE revocation_counter SET newest = newest + 1")
            later(
                """
                INSERT INTO revocation (number, kind, id, account, device, until)
                SELECT newest, \(kind), \(id), \(account), \(device), \(until) FROM revocation_counter
                """)
        }
    }

    /// Until when a bearer may be around that none of the account's or the device's rows leads to any more: an access
    /// token that was just given, or the longest-lived API token.
    func lastBearer(of account: AccountID, device: DeviceNumber? = nil) throws -> Timestamp {
        let last = try row(
            """
            SELECT max(expires) FROM token WHERE account = \(account) AND (\(device) IS NULL OR device = \(device))
            """)?.optionalTime(0)
        let access = now + Limits.accessLife
        return max(access, last ?? access)
    }

    func revocations(after number: Int64, limit: Int) throws -> [Revocation] {
        try run(
            """
            SELECT number, kind, id, account, device, until FROM revocation
            WHERE number > \(number) AND until > \(now) ORDER BY number LIMIT \(limit)
            """
        ).map { row in
            let subject: RevokedSubject
            switch Int32(try row.count(1)) {
            case Kind.session: subject = .session(try row.recordID(2))
            case Kind.token: subject = .token(try row.recordID(2))
            case Kind.device: subject = .device(MailboxKey(account: try row.account(3), device: try row.device(4)))
            case Kind.account: subject = .account(try row.account(3))
            default: throw StoreError.corrupt("a revocation of an unknown kind")
            }
            return Revocation(number: try row.integer(0), subject: subject, until: try row.time(5))
        }
    }
}
