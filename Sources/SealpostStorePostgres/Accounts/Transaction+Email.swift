import PostgresKit
import SealpostCore
import SealpostStore
import SodiumKit

/// E-mail addresses: sealed, and found by a keyed hash in which case does not count.
extension Transaction {
    /// Two accounts that take the same address do it one after the other, also when their nodes' keyrings have another
    /// current key and so make other hashes of it.
    func lock(email: String) throws {
        let hash = SHA256.hash(Array("email".utf8) + Self.emailKey(email))
        let number = hash.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        try run("SELECT pg_advisory_xact_lock(\(number))")
    }

    func accountID(withEmail email: String) throws -> AccountID? {
        let hashes = keyring.lookupHashes(of: Self.emailKey(email), for: .emailLookup, at: now)
        return try row("SELECT id FROM account WHERE email_hash = ANY(\(hashes))")?.account(0)
    }

    func setEmail(_ email: String, of id: AccountID) throws {
        let sealed = try keyring.seal(Array(email.utf8), at: Self.emailPlace(id))
        let hash = keyring.current.hash(Self.emailKey(email), for: .emailLookup)
        try run(
            """
            UPDATE account SET email_key = \(Int64(keyring.current.id)), email_hash = \(hash), email_sealed = \(sealed)
            WHERE id = \(id)
            """)
    }

    func unsealedEmail(_ sealed: [UInt8], of id: AccountID) throws -> String {
        String(decoding: try keyring.unseal(sealed, at: Self.emailPlace(id)), as: UTF8.self)
    }

    /// Brings addresses that lie under a replaced key under the current one, so that they are found for ever.
    func resealEmails(limit: Int) throws -> Int {
        var resealed = 0
        // What lies under a key that is not in the ring stays as it is: that key may come back.
        for key in keyring.keys where key.id != keyring.current.id {
            let old = try run(
                """
                SELECT id, email_sealed FROM account WHERE email_key = \(Int64(key.id)) LIMIT \(limit - resealed)
                FOR NO KEY UPDATE SKIP LOCKED
                """
            ).map { (id: try $0.account(0), sealed: try $0.bytes(1)) }
            for account in old {
                // One that does not open is told to whoever reads it; the sweep has other things to do.
                guard let email = try? unsealedEmail(account.sealed, of: account.id) else { continue }
                try setEmail(email, of: account.id)
                resealed += 1
            }
        }
        return resealed
    }

    private static func emailKey(_ email: String) -> [UInt8] { Array(email.lowercased().utf8) }

    private static func emailPlace(_ id: AccountID) -> SealedPlace {
        SealedPlace(table: "account", row: id.value, column: "email")
    }
}
