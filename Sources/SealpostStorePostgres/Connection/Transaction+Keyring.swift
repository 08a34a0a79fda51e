import PostgresKit
import SealpostStore

extension Transaction {
    /// Leaves the fingerprints of the keyring's keys with the database, or throws if one of them is another key there:
    /// then this node has a keyring of its own, and would find nobody's mail and believe nobody's token.
    func adoptKeyring() throws {
        for key in keyring.keys {
            let id = Int64(key.id)
            let fingerprint = Array(key.hash([], for: .keyFingerprint).prefix(16))
            try run(
                """
                INSERT INTO keyring_key (id, fingerprint) VALUES (\(id), \(fingerprint)) ON CONFLICT (id) DO NOTHING
                """)
            let known = try row("SELECT fingerprint FROM keyring_key WHERE id = \(id)")?.bytes(0)
            guard known == fingerprint else {
                throw StoreError.incompatible(
                    "its keyring is another one than this node's: every node needs the same keyring")
            }
        }
    }
}
