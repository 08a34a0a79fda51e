import PostgresKit
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostStorePostgres

/// The database of each place, by its folder; made when it is first opened.
private let databases = Mutex<[String: String]>([:])

extension StorePlace {
    /// The URL of this place's database.
    func database() async throws -> String {
        if let known = databases.withLock({ $0[folder.path] }) { return known }
        let url = try await PostgresCluster.shared.createDatabase()
        databases.withLock { $0[folder.path] = url }
        return url
    }

    func store(
        _ change: (inout PostgresStore.Configuration) -> Void = { _ in }
    ) async throws -> PostgresStore {
        var configuration = PostgresStore.Configuration(url: try await database())
        configuration.connections = 8
        change(&configuration)
        let clock = clock
        let hook = betweenReads
        return PostgresStore(
            configuration, keyring: keyring, now: { clock.now }, betweenReads: { hook.call() })
    }
}

extension StoreBackend {
    static let postgres = StoreBackend(
        open: { place in
            let store = try await place.store()
            try await store.migrate()
            return store
        },
        rowCounts: { store in
            let store = try #require(store as? PostgresStore)
            // What stays for ever by contract: retired names and keys, and the schema's own rows.
            let kept = [
                "retired_handle", "retired_identity_key", "migration", "revocation_counter", "keyring_key",
            ]
            return try await store.read { transaction in
                let tables = try transaction.run(
                    """
                    SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
                        AND relnamespace = 'public'::regnamespace
                    """
                ).map { try $0.text(0) }
                var counts: [String: Int] = [:]
                for table in tables where !kept.contains(table) {
                    counts[table] = try transaction.row(Query(unsafeSQL: "SELECT count(*) FROM \(table)"))?.count(0)
                }
                return counts
            }
        })
}
