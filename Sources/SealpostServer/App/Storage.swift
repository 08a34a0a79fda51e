import SealpostCore
import SealpostDelivery
import SealpostStore
import SealpostStoreSQLite

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The place where a service keeps everything, open: the one that its configuration names.
struct Storage: Sendable {
    let store: any MailStore
    let keyring: Keyring
    /// To and from the other nodes; nil for a store that only this node has.
    var wakes: (any WakeChannel)?
    /// How much it can do at a time.
    var lanes = Lanes()
    /// Whether it was made by this start.
    let isNew: Bool
    /// Until the store is closed nobody else has the data folder.
    var lock: FolderLock?

    /// Opens it, and brings the store's schema up to date or sees that it is.
    static func open(
        _ configuration: ServerConfiguration, clock: ServerClock, migrating: Bool
    ) async throws -> Storage {
        if let database = configuration.database {
            try await postgres(database, configuration, clock: clock, migrating: migrating)
        } else {
            try await sqlite(configuration, clock: clock, migrating: migrating)
        }
    }

    func close() async {
        await store.close()
        lock?.release()
    }

    /// Does what is left of the opening; closes everything if that fails.
    func preparing(_ work: () async throws -> Void) async throws -> Storage {
        do {
            try await work()
            return self
        } catch {
            await close()
            throw error
        }
    }

    /// Brings the schema up to date, or sees that it is.
    func bringUpToDate(migrating: Bool) async throws(StoreError) {
        if migrating { try await store.migrate() } else { try await store.check() }
    }

    private static func sqlite(
        _ configuration: ServerConfiguration, clock: ServerClock, migrating: Bool
    ) async throws -> Storage {
        let folder = try DataFolder(opening: configuration.dataFolder)
        let lock = try FolderLock(of: folder.path)
        // What lies sealed in a database opens under its own keyring and no other.
        let keyring = try ConfiguredKeyring(configuration, now: clock.now()) { path throws(ConfigurationError) in
            var status = stat()
            guard stat(folder.database, &status) != 0 || status.st_size == 0 else {
                throw .missingKeyring(path: path, database: folder.database)
            }
        }.keyring
        let store = try SQLiteStore(path: folder.database, keyring: keyring, now: clock.now)
        let storage = Storage(store: store, keyring: keyring, isNew: folder.isNew, lock: lock)
        return try await storage.preparing { try await storage.bringUpToDate(migrating: migrating) }
    }
}
