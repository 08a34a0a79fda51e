import GRDB
import SealpostCore
import SealpostStore

/// E-mail addresses: sealed, and found by a keyed hash in which case does not count.
extension Transaction {
    func accountID(withEmail email: String) throws -> AccountID? {
        for hash in keyring.lookupHashes(of: Self.emailKey(email), for: .emailLookup, at: now) {
            if let row = try row("SELECT id FROM account WHERE email_hash = ?", [blob(hash)]) { return row.account(0) }
        }
        return nil
    }

    func setEmail(_ email: String, of id: AccountID) throws {
        let sealed = try keyring.seal(Array(email.utf8), at: Self.emailPlace(id))
        let hash = keyring.current.hash(Self.emailKey(email), for: .emailLookup)
        try run(
            "UPDATE account SET email_key = ?, email_hash = ?, email_sealed = ? WHERE id = ?",
            [keyring.current.id, blob(hash), blob(sealed), id])
    }

    func unsealedEmail(_ sealed: [UInt8], of id: AccountID) throws -> String {
        String(decoding: try keyring.unseal(sealed, at: Self.emailPlace(id)), as: UTF8.self)
    }

    /// Brings addresses that lie under a replaced key under the current one, so that they are found for ever.
    func resealEmails(limit: Int) throws -> Int {
        var resealed = 0
        // What lies under a key that is not in the ring stays as it is: that key may come back.
        for key in keyring.keys where key.id != keyring.current.id {
            let old = try rows(
                "SELECT id, email_sealed FROM account WHERE email_key = ? LIMIT ?", [key.id, limit - resealed]
            ) { (id: $0.account(0), sealed: try $0.bytes(1)) }
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
