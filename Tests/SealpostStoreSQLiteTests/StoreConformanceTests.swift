import GRDB
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStoreSQLite

extension StoreBackend {
    static let sqlite = StoreBackend(
        open: { place in
            let clock = place.clock
            let hook = place.betweenReads
            let store = try SQLiteStore(
                path: place.folder.path(of: "sealpost.sqlite"), keyring: place.keyring, now: { clock.now },
                betweenReads: { hook.call() })
            try await store.migrate()
            return store
        },
        rowCounts: { store in
            let store = try #require(store as? SQLiteStore)
            return try await store.pool.read { db in
                // What stays for ever by contract: retired names and keys, and the schema's own rows.
                let kept = [
                    "retired_handle", "retired_identity_key", "migration", "revocation_counter", "sqlite_sequence",
                ]
                let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
                var counts: [String: Int] = [:]
                for table in tables where !kept.contains(table) {
                    counts[table] = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)")
                }
                return counts
            }
        })
}

@Suite("SQLiteStore keeps the contract")
struct StoreConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func conforms(to behaviour: StoreConformance.Case) async throws {
        let fixture = try await StoreFixture(.sqlite)
        try await behaviour.run(fixture)
        let store = try #require(fixture.store as? SQLiteStore)
        // Some cases close it.
        guard (try? await store.check()) != nil else { return }
        try await store.expectTrueCounters()
    }
}

extension SQLiteStore {
    /// What the device rows say of mailboxes and prekeys is what the tables hold.
    fileprivate func expectTrueCounters() async throws {
        let mail = "FROM envelope WHERE envelope.account = device.account AND envelope.device = device.number"
        let keys = "FROM one_time_prekey AS key WHERE key.account = device.account AND key.device = device.number"
        let graves = "FROM tombstone AS one WHERE one.account = device.account AND one.device = device.number"
        let wrong = [
            "count <> (SELECT count(*) \(mail))",
            "bytes <> (SELECT coalesce(sum(length(content)), 0) \(mail))",
            "coalesce(next_expiry, 1 << 62) > (SELECT coalesce(min(expires), 1 << 62) \(mail))",
            "head < (SELECT coalesce(max(seq), 0) \(mail))",
            "acked >= (SELECT coalesce(min(seq), 1 << 62) \(mail))",
            "tombstones <> (SELECT count(*) \(graves))",
            "EXISTS (SELECT 1 \(graves) AND EXISTS (SELECT 1 \(mail) AND seq BETWEEN first AND through))",
            """
            EXISTS (SELECT 1 \(graves) AND EXISTS (
                SELECT 1 FROM tombstone AS other WHERE other.account = one.account AND other.device = one.device
                AND other.first > one.first AND other.first <= one.through))
            """,
            "one_time <> (SELECT count(*) \(keys) AND kind = 4)",
            "one_time_kem <> (SELECT count(*) \(keys) AND kind = 5)",
        ]
        try await pool.read { db in
            for condition in wrong {
                let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM device WHERE \(condition)")
                #expect(count == 0, "\(condition)")
            }
        }
    }
}
