import Migrations
import PostgresKit
import SealpostStore
import SodiumKit

extension Transaction {
    /// Held by whoever migrates, so that it is one node at a time. Any number; it is this service's.
    private static let migrationLock: Int64 = 0x5EA1_9057_0000_0001

    /// Applies what is missing, in order, and nothing if this code may not run on the schema.
    func migrate(_ migrations: [Migration] = Migration.postgres) throws {
        // Who waits here waits for a migration, for as long as that takes.
        try run("SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)")
        try postgres.session.script("SELECT pg_advisory_xact_lock(\(Self.migrationLock))")
        try run(
            """
            CREATE TABLE IF NOT EXISTS migration (
                number integer PRIMARY KEY,
                name text NOT NULL,
                checksum bytea NOT NULL,
                least_release integer NOT NULL,
                applied bigint NOT NULL
            )
            """)
        let applied = try verifiedMigrations(migrations)
        for migration in migrations where migration.number > applied {
            guard let leastRelease = migration.leastRelease else {
                throw StoreError.corrupt("migration \(migration.name) does not say its least release")
            }
            try postgres.session.script(String(decoding: migration.sql, as: UTF8.self))
            try run(
                """
                INSERT INTO migration (number, name, checksum, least_release, applied) VALUES (
                    \(migration.number), \(migration.name), \(SHA256.hash(migration.sql)), \(leastRelease), \(now))
                """)
        }
    }

    /// Throws unless every migration is applied and this code may run on the schema.
    func checkSchema(_ migrations: [Migration] = Migration.postgres) throws {
        guard try run("SELECT 1 WHERE to_regclass('migration') IS NOT NULL").count > 0 else {
            throw StoreError.incompatible("it has not been migrated")
        }
        let applied = try verifiedMigrations(migrations)
        guard applied >= migrations.count else {
            throw StoreError.incompatible("\(migrations.count - applied) migrations have not been applied")
        }
    }

    /// The number of the last applied migration, once the applied ones are found to be what this code knows.
    private func verifiedMigrations(_ migrations: [Migration]) throws -> Int {
        let applied = try run("SELECT number, name, checksum, least_release FROM migration ORDER BY number").map {
            AppliedMigration(
                number: try $0.count(0), name: try $0.text(1), checksum: try $0.bytes(2),
                leastRelease: try $0.count(3))
        }
        try applied.verify(against: migrations.map { SHA256.hash($0.sql) }, release: PostgresStore.release)
        return applied.count
    }
}
