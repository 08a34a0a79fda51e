import PostgresKit
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStorePostgres

@Suite("PostgresStore keeps the contract")
struct StoreConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func conforms(to behaviour: StoreConformance.Case) async throws {
        let fixture = try await StoreFixture(.postgres)
        try await behaviour.run(fixture)
        let store = try #require(fixture.store as? PostgresStore)
        // Some cases close it.
        if (try? await store.check()) != nil { try await store.expectTrueCounters() }
        await store.close()
    }
}

extension PostgresStore {
    /// What the device rows say of mailboxes and prekeys is what the tables hold.
    func expectTrueCounters() async throws {
        let mail = "FROM envelope WHERE envelope.account = device.account AND envelope.device = device.number"
        let keys = "FROM one_time_prekey AS key WHERE key.account = device.account AND key.device = device.number"
        let graves = "FROM tombstone AS one WHERE one.account = device.account AND one.device = device.number"
        let wrong = [
            "count <> (SELECT count(*) \(mail))",
            "bytes <> (SELECT coalesce(sum(length(content)), 0) \(mail))",
            "coalesce(next_expiry, 1::bigint << 62) > (SELECT coalesce(min(expires), 1::bigint << 62) \(mail))",
            "head < (SELECT coalesce(max(seq), 0) \(mail))",
            "acked >= (SELECT coalesce(min(seq), 1::bigint << 62) \(mail))",
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
        for condition in wrong {
            let count = try await read {
                try $0.row(Query(unsafeSQL: "SELECT count(*) FROM device WHERE \(condition)"))?.count(0)
            }
            #expect(count == 0, "\(condition)")
        }
    }
}
