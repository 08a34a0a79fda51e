import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import SealpostCore
import SealpostDelivery
import SealpostStore
import ServiceLifecycle

/// The composition root: what `sealpost serve` runs and the tests test.
package struct SealpostApp: Service {
    package let configuration: ServerConfiguration
    private let storage: Storage
    package let parts: Dependencies
    package let logger: Logger
    private let http: Application<Front>

    /// Whether nothing of a service was there before.
    package var isFirstRun: Bool { storage.isNew }

    /// Opens the store that the configuration names, brings its schema up to date, and puts the service together. The
    /// port opens with `run`.
    ///
    /// - Parameter onListening: called once with the port that was opened.
    package static func build(
        configuration: ServerConfiguration, clock: ServerClock = .system,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) async throws -> SealpostApp {
        let storage = try await Storage.open(configuration, clock: clock, migrating: configuration.migratesAtStart)
        do {
            return try await SealpostApp(
                configuration: configuration, storage: storage, clock: clock, onListening: onListening)
        } catch {
            await storage.close()
            throw error
        }
    }

    private init(
        configuration: ServerConfiguration, storage: Storage, clock: ServerClock,
        onListening: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let (store, keys) = (storage.store, ServerKeys(storage.keyring))
        let logger = configuration.makeLogger()
        let listed = ListedDevices(store: store)
        let mail = MailService(
            store: store, wakes: storage.wakes, onAccountChanged: listed.forget, lanes: storage.lanes, logger: logger)
        try await mail.revocationsChanged()
        let lifecycle = Lifecycle()
        let parts = Dependencies(
            store: store, mail: mail, listed: listed, lifecycle: lifecycle, clock: clock,
            tokens: await BearerTokens(keys: keys, clock: clock), refreshTokens: RefreshTokens(keys: keys),
            challenges: Challenges(keys: keys, clock: clock, store: store),
            passwords: try PasswordPool(
                cost: configuration.passwordProfile.cost, workers: configuration.passwordWorkers,
                queueLimit: configuration.passwordQueue),
            limiter: RateLimiter(rates: configuration.rates, clock: clock),
            registration: configuration.registrationPolicy)
        let authenticator = Authenticator(tokens: parts.tokens, clock: clock, revocations: mail.revocations)
        self.configuration = configuration
        self.storage = storage
        self.parts = parts
        self.logger = logger
        http = Application(
            responder: Front(Self.endpoints(parts), authenticator: authenticator, lifecycle: lifecycle),
            server: HTTPServerBuilder { responder in
                ConnectionOnItsLoop(
                    base: HTTP1Channel(
                        responder: responder,
                        configuration: HTTP1Channel.Configuration(
                            additionalChannelHandlers: [
                                BodyGuardHandler(limit: 4 * Limits.bodyBytes), ClientPresence(),
                            ],
                            idleTimeout: .seconds(75))))
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1024),
            onServerRunning: { channel in
                lifecycle.becomeReady()
                await onListening(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger)
    }

    /// Runs until the graceful shutdown: then, in this order, polls are answered, the port closes and requests under
    /// way finish, deliveries finish, the store closes.
    package func run() async throws {
        let group = ServiceGroup(
            services: [
                StorageService(storage: storage), parts.mail, http,
                LeaveService(lifecycle: parts.lifecycle, mail: parts.mail),
            ],
            logger: logger)
        try await group.run()
    }

    /// Every endpoint of the service.
    package static func endpoints(_ parts: Dependencies) -> [Endpoint] {
        let listed = parts.listed
        return ServiceRoutes.endpoints(parts) + LimitsRoutes.endpoints(parts)
            + AccountRoutes(parts: parts, listed: listed).endpoints
            + SessionRoutes(parts: parts).endpoints + TokenRoutes(parts: parts).endpoints
            + DeviceRoutes(parts: parts, listed: listed).endpoints
            + DeviceListRoutes(parts: parts, listed: listed).endpoints + PrekeyRoutes(store: parts.store).endpoints
            + DirectoryRoutes(parts: parts, listed: listed).endpoints
            + DepositRoutes(parts: parts, listed: listed).endpoints + MailboxRoutes(parts: parts).endpoints
    }
}
