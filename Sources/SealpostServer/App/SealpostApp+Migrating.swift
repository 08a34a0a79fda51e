extension SealpostApp {
    /// Brings the store's schema up to date without running the service.
    package static func migrate(configuration: ServerConfiguration, clock: ServerClock = .system) async throws {
        try await Storage.open(configuration, clock: clock, migrating: true).close()
    }
}
