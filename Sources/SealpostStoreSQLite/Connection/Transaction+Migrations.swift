import FoundationEssentials
import GRDB
import Migrations
import SealpostStore
import SodiumKit

extension Transaction {
    /// Applies what is missing, in order, and nothing if this code may not run on the schema.
    func migrate(_ migrations: [Migration] = Migration.sqlite) throws {
        try run(
            """
            CREATE TABLE IF NOT EXISTS migration (
                number INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                checksum BLOB NOT NULL,
                least_release INTEGER NOT NULL,
                applied INTEGER NOT NULL
            ) STRICT
            """)
        let applied = try verifiedMigrations(migrations)
        for migration in migrations where migration.number > applied {
            guard let leastRelease = migration.leastRelease else {
                throw StoreError.corrupt("migration \(migration.name) does not say its least release")
            }
            try db.execute(sql: String(decoding: migration.sql, as: UTF8.self))
            try run(
                "INSERT INTO migration (number, name, checksum, least_release, applied) VALUES (?, ?, ?, ?, ?)",
                [migration.number, migration.name, blob(SHA256.hash(migration.sql)), leastRelease, now])
        }
    }

    /// Throws unless every migration is applied and this code may run on the schema.
    func checkSchema(_ migrations: [Migration] = Migration.sqlite) throws {
        guard try db.tableExists("migration") else { throw StoreError.incompatible("it has not been migrated") }
        let applied = try verifiedMigrations(migrations)
        guard applied >= migrations.count else {
            throw StoreError.incompatible("\(migrations.count - applied) migrations have not been applied")
        }
    }

    /// The number of the last applied migration, once the applied ones are found to be what this code knows.
    private func verifiedMigrations(_ migrations: [Migration]) throws -> Int {
        let applied = try rows("SELECT number, name, checksum, least_release FROM migration ORDER BY number", []) {
            AppliedMigration(
                number: $0.count(0), name: $0.text(1), checksum: try $0.bytes(2), leastRelease: $0.count(3))
        }
        try applied.verify(against: migrations.map { SHA256.hash($0.sql) }, release: SQLiteStore.release)
        return applied.count
    }
}
