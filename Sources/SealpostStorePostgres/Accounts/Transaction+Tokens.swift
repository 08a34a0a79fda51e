import PostgresKit
import SealpostCore
import SealpostStore

extension Transaction {
    private static let tokenColumns = """
        token.id, token.account, account.handle, token.name, token.scopes, token.device, token.created, token.expires \
        FROM token JOIN account ON account.id = token.account
        """

    private func token(_ row: Row) throws -> APIToken {
        APIToken(
            id: try row.recordID(0), account: try row.account(1), handle: try row.handle(2), name: try row.text(3),
            scopes: try Scope.scopes(in: row.text(4)), device: try row.optionalDevice(5), created: try row.time(6),
            expires: try row.time(7))
    }

    func tokens(of id: AccountID) throws -> [APIToken] {
        try run(
            """
            SELECT \(unsafeSQL: Self.tokenColumns) WHERE token.account = \(id) AND token.expires > \(now)
            ORDER BY token.created, token.id
            """
        ).map(token)
    }

    func createToken(_ new: NewToken) throws -> TokenCreation {
        guard try lock(new.account), let session = try session(new.session), session.account == new.account,
            new.device == nil || new.device == session.device
        else { return .unknownSession }
        if let key = new.idempotencyKey, let known = try knownToken(new, key: key) { return known }
        let held = try row(
            "SELECT count(*) FROM token WHERE account = \(new.account) AND expires > \(now)")?.count(0)
        guard held ?? 0 < Limits.tokensPerAccount else { return .tooMany }
        try run(
            """
            INSERT INTO token (id, account, device, name, scopes, created, expires) VALUES (
                \(new.id), \(new.account), \(new.device), \(new.name), \(Scope.text(new.scopes)), \(now), \(new.expires))
            """)
        if let key = new.idempotencyKey {
            try run(
                """
                INSERT INTO idempotency_key (account, name, digest, subject, expires) VALUES (
                    \(new.account), \(NewToken.name(ofKey: key)), \(new.digest), \(new.id),
                    \(now + Limits.idempotencyMemory))
                ON CONFLICT (account, name) DO UPDATE
                SET digest = excluded.digest, subject = excluded.subject, expires = excluded.expires
                """)
        }
        guard let row = try row("SELECT \(unsafeSQL: Self.tokenColumns) WHERE token.id = \(new.id)") else {
            throw StoreError.corrupt("a token went while it was made")
        }
        return .created(try token(row))
    }

    /// What an earlier call with this key made; nil if there was none.
    private func knownToken(_ new: NewToken, key: String) throws -> TokenCreation? {
        guard
            let known = try row(
                """
                SELECT digest, subject FROM idempotency_key
                WHERE account = \(new.account) AND name = \(NewToken.name(ofKey: key)) AND expires > \(now)
                """)
        else { return nil }
        guard try known.bytes(0) == new.digest else { return .idConflict }
        // A token that was revoked since is not made again by a late repeat.
        let subject = try known.recordID(1)
        guard let row = try row("SELECT \(unsafeSQL: Self.tokenColumns) WHERE token.id = \(subject)") else {
            return .idConflict
        }
        return .created(try token(row))
    }

    func revokeToken(_ id: RecordID, of account: AccountID) throws -> Bool {
        guard try lock(account),
            let row = try row("SELECT expires FROM token WHERE id = \(id) AND account = \(account)")
        else { return false }
        later("DELETE FROM token WHERE id = \(id)")
        revoke([.token(id)], until: try row.time(0))
        return true
    }
}
