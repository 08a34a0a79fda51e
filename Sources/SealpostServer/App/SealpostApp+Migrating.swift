import SealpostStore
import SealpostStoreSQLite

extension SealpostApp {
    /// Brings the store's schema up to date without running the service.
    package static func migrate(configuration: ServerConfiguration, clock: ServerClock = .system) async throws {
        let folder = try DataFolder(opening: configuration.dataFolder)
        let keyring = try folder.loadKeyring(now: clock.now())
        let store = try SQLiteStore(path: folder.database, keyring: keyring, now: clock.now)
        do {
            try await store.migrate()
        } catch {
            await store.close()
            throw error
        }
        await store.close()
        folder.lock.release()
    }
}
