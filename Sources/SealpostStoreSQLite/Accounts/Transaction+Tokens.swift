import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    private static let tokenColumns = """
        token.id, token.account, account.handle, token.name, token.scopes, token.device, token.created, token.expires \
        FROM token JOIN account ON account.id = token.account
        """

    private func token(_ row: Row) throws -> APIToken {
        return APIToken(
            id: try row.recordID(0), account: row.account(1), handle: try row.handle(2), name: row.text(3),
            scopes: try Scope.scopes(in: row.text(4)), device: try row.optionalDevice(5), created: row.time(6),
            expires: row.time(7))
    }

    func tokens(of id: AccountID) throws -> [APIToken] {
        try rows(
            """
            SELECT \(Self.tokenColumns) WHERE token.account = ? AND token.expires > ?
            ORDER BY token.created, token.id
            """, [id, now], token)
    }

    func createToken(_ new: NewToken) throws -> TokenCreation {
        guard let session = try session(new.session), session.account == new.account,
            new.device == nil || new.device == session.device
        else { return .unknownSession }
        if let key = new.idempotencyKey, let known = try knownToken(new, key: key) { return known }
        let held = try row(
            "SELECT count(*) FROM token WHERE account = ? AND expires > ?", [new.account, now])?.count(0)
        guard held ?? 0 < Limits.tokensPerAccount else { return .tooMany }
        try run(
            "INSERT INTO token (id, account, device, name, scopes, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [new.id, new.account, new.device, new.name, Scope.text(new.scopes), now, new.expires])
        if let key = new.idempotencyKey {
            try run(
                """
                INSERT OR REPLACE INTO idempotency_key (account, name, digest, subject, expires)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    new.account, blob(NewToken.name(ofKey: key)), blob(new.digest), new.id,
                    now + Limits.idempotencyMemory,
                ])
        }
        guard let row = try row("SELECT \(Self.tokenColumns) WHERE token.id = ?", [new.id]) else {
            throw StoreError.corrupt("a token went while it was made")
        }
        return .created(try token(row))
    }

    /// What an earlier call with this key made; nil if there was none.
    private func knownToken(_ new: NewToken, key: String) throws -> TokenCreation? {
        guard
            let known = try row(
                "SELECT digest, subject FROM idempotency_key WHERE account = ? AND name = ? AND expires > ?",
                [new.account, blob(NewToken.name(ofKey: key)), now])
        else { return nil }
        guard try known.bytes(0) == new.digest else { return .idConflict }
        // A token that was revoked since is not made again by a late repeat.
        guard let row = try row("SELECT \(Self.tokenColumns) WHERE token.id = ?", [known.recordID(1)]) else {
            return .idConflict
        }
        return .created(try token(row))
    }

    func revokeToken(_ id: RecordID, of account: AccountID) throws -> Bool {
        guard let row = try row("SELECT expires FROM token WHERE id = ? AND account = ?", [id, account]) else {
            return false
        }
        try run("DELETE FROM token WHERE id = ?", [id])
        try revoke(.token(id), until: row.time(0))
        return true
    }
}
