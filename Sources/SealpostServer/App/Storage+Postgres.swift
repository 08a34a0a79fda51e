import SealpostCore
import SealpostDelivery
import SealpostStore
import SealpostStorePostgres

extension Storage {
    /// A database that other nodes may use at the same time. Nothing here is this node's alone, so nothing is locked.
    static func postgres(
        _ database: DatabaseURL, _ configuration: ServerConfiguration, clock: ServerClock, migrating: Bool
    ) async throws -> Storage {
        let configured = try ConfiguredKeyring(configuration, now: clock.now())
        var settings = PostgresStore.Configuration(url: database.exposedText)
        settings.listenURL = configuration.postgresListen?.exposedText
        settings.connections = configuration.postgresConnections
        settings.statementTimeout = configuration.postgresStatementTimeout
        settings.lockTimeout = configuration.postgresLockTimeout
        // Few lanes, each with a connection while it has a call under way: what a batch costs the database is much the
        // same however much is in it. Two for what others wait for, so that a lock held elsewhere does not stop all. The
        // other connections are for what comes one by one.
        var lanes = Lanes()
        lanes.deposits = max(2, settings.connections / 8)
        lanes.fetches = max(2, settings.connections / 8)
        lanes.claims = max(1, settings.connections / 16)
        lanes.acks = max(1, settings.connections / 16)
        let store = PostgresStore(settings, keyring: configured.keyring, now: clock.turned)
        let storage = Storage(
            store: store, keyring: configured.keyring, wakes: store.wakeChannel, lanes: lanes,
            isNew: configured.made != nil)
        do {
            return try await storage.preparing {
                // Before anything else: without sessions whatever comes next fails in words that tell nobody why.
                guard try await store.keepsSessions() else {
                    throw ConfigurationError.poolerWithoutSessions(database)
                }
                try await storage.bringUpToDate(migrating: migrating)
                do throws(StoreError) {
                    try await store.adoptKeyring()
                } catch .incompatible where configured.made != nil {
                    // Somebody who had a keyring was here before.
                    throw ConfigurationError.foreignDatabase(database, keyring: configured.takeBack())
                }
            }
        } catch StoreError.unavailable(let cause) {
            throw ConfigurationError.unreachableDatabase(database, cause: cause)
        }
    }
}
