import GRDB
import SealpostCore
import SealpostStore

/// The log that every node reads; its numbers are given under one row, so that they appear in commit order.
extension Transaction {
    private enum Kind {
        static let session = 1
        static let token = 2
        static let device = 3
        static let account = 4
    }

    func revoke(_ subject: RevokedSubject, until: Timestamp) throws {
        try run("UPDATE revocation_counter SET newest = newest + 1")
        let number = "(SELECT newest FROM revocation_counter)"
        switch subject {
        case .session(let id):
            try run(
                "INSERT INTO revocation (number, kind, id, until) VALUES (\(number), ?, ?, ?)",
                [Kind.session, id, until])
        case .token(let id):
            try run(
                "INSERT INTO revocation (number, kind, id, until) VALUES (\(number), ?, ?, ?)",
                [Kind.token, id, until])
        case .device(let mailbox):
            try run(
                "INSERT INTO revocation (number, kind, account, device, until) VALUES (\(number), ?, ?, ?, ?)",
                [Kind.device, mailbox.account, mailbox.device, until])
        case .account(let id):
            try run(
                "INSERT INTO revocation (number, kind, account, until) VALUES (\(number), ?, ?, ?)",
                [Kind.account, id, until])
        }
    }

    /// Until when a bearer may be around that none of the rows which match can be found by any more: an access token
    /// that was just given, or the longest-lived API token.
    func lastBearer(_ condition: String, _ arguments: StatementArguments) throws -> Timestamp {
        let last = try row("SELECT max(expires) FROM token WHERE \(condition)", arguments)?.optionalTime(0)
        let access = now + Limits.accessLife
        return max(access, last ?? access)
    }

    func revocations(after number: Int64, limit: Int) throws -> [Revocation] {
        try rows(
            """
            SELECT number, kind, id, account, device, until FROM revocation
            WHERE number > ? AND until > ? ORDER BY number LIMIT ?
            """, [number, now, limit]
        ) { row in
            let subject: RevokedSubject
            switch row.count(1) {
            case Kind.session: subject = .session(try row.recordID(2))
            case Kind.token: subject = .token(try row.recordID(2))
            case Kind.device: subject = .device(MailboxKey(account: row.account(3), device: try row.device(4)))
            case Kind.account: subject = .account(row.account(3))
            default: throw StoreError.corrupt("a revocation of an unknown kind")
            }
            return Revocation(number: row.integer(0), subject: subject, until: row.time(5))
        }
    }
}
