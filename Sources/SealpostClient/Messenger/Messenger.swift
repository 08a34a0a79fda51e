import SealpostCore
import SodiumKit

/// One device of an account: keeps its keys, sessions, contacts, outbox and inbox in a profile, and talks to a server.
///
/// Made by `register` (a new account), `logIn` (a new device of an account that exists) or `open` (a profile that is
/// there); `close` ends it. Any number of calls may run at a time; sending, receiving and the care for prekeys each
/// go one at a time.
///
/// The rules it keeps: a ratchet's new state is on disk before a ciphertext leaves, and plaintext and state before an
/// acknowledgement; before a key is used, an opening number is taken from the server, so that an old copy of the
/// profile is refused (`ClientError.rolledBack`).
public final class Messenger: Sendable {
    let profile: Profile
    /// The server's routes, for what needs no keys: tokens, sessions, limits.
    public let api: APIClient
    let environment: ClientEnvironment
    let options: Options
    let sending = AsyncLock()
    let receiving = AsyncLock()
    let tending = AsyncLock()
    let opening = OpeningGuard()

    /// How a profile is opened.
    public struct Options: Sendable {
        /// Where the profile's server is reached now, if not at the address with which it was made.
        public var server: String?
        /// Protects the profile; without one a key file does. Never the login password.
        public var passphrase: String?
        /// A PEM file of certificates to trust in place of the system's.
        public var certificateAuthorityFile: String?
        /// Whether a receipt goes out for each text that arrives.
        public var sendsDeliveryReceipts = false
        public var environment: ClientEnvironment

        public init(
            server: String? = nil, passphrase: String? = nil, certificateAuthorityFile: String? = nil,
            environment: ClientEnvironment = .system
        ) {
            self.server = server
            self.passphrase = passphrase
            self.certificateAuthorityFile = certificateAuthorityFile
            self.environment = environment
        }
    }

    init(profile: Profile, device: DeviceRecord, session: SessionAnswer?, options: Options) throws(ClientError) {
        self.profile = profile
        self.options = options
        environment = options.environment
        api = try APIClient(
            server: options.server ?? device.server, session: session,
            certificateAuthorityFile: options.certificateAuthorityFile,
            environment: options.environment
        ) { session throws(ClientError) in
            try await profile.transaction { transaction in
                if let session {
                    try transaction.setValue(session, Self.sessionKey, in: .state)
                } else {
                    try transaction.remove(Self.sessionKey, in: .state)
                }
            }
        }
    }

    static let sessionKey = "session"

    /// Opens a profile and goes on with a registration that was interrupted.
    ///
    /// Needs no network unless a registration has to be finished: messages can be queued offline.
    public static func open(_ location: ProfileLocation, options: Options = Options()) async throws(ClientError)
        -> Messenger
    {
        let messenger = try await openStored(location, options: options)
        do throws(ClientError) {
            switch try await messenger.device().phase {
            case .registering: throw .profile(.unfinished(directory: location.directory))
            case .signedIn: try await messenger.finishRegistration()
            case .pending: if try await messenger.keys().account != nil { try await messenger.finishRegistration() }
            case .listed, .removed: break
            }
            return messenger
        } catch {
            try messenger.close()
            throw error
        }
    }

    static func openStored(_ location: ProfileLocation, options: Options) async throws(ClientError) -> Messenger {
        let profile = try await Profile.open(at: location, passphrase: options.passphrase)
        let (device, session) = try await profile.transaction { transaction in
            guard let device = try transaction.value(DeviceRecord.self, DeviceRecord.key, in: .state) else {
                throw ProfileError.missing(directory: location.directory)
            }
            return (device, try transaction.value(SessionAnswer.self, sessionKey, in: .state))
        }
        return try Messenger(profile: profile, device: device, session: session, options: options)
    }

    /// Whether a passphrase protects the profile.
    public static func needsPassphrase(_ location: ProfileLocation) async throws(ClientError) -> Bool {
        try await Profile.needsPassphrase(location)
    }

    /// Ends what is under way and gives the profile back.
    public func close() throws(ClientError) {
        api.close()
        try profile.close()
    }
}

// MARK: Who this is

extension Messenger {
    func device() async throws(ClientError) -> DeviceRecord {
        try await profile.transaction { try $0.device() }
    }

    /// Who this profile is; from the profile alone.
    public func identity() async throws(ClientError) -> Identity {
        try await profile.transaction { transaction in
            let device = try transaction.device()
            guard let number = device.number, let key = device.accountKey else { throw ClientError.signedOut }
            let keys = try DeviceKeys.load(in: transaction)
            let state: Identity.State =
                switch device.phase {
                case .registering, .signedIn, .pending: .pending
                case .listed: .listed
                case .removed: .removed
                }
            return Identity(
                server: device.server, handle: device.handle, device: number, state: state,
                holdsAccountKey: keys.account != nil, accountKey: key,
                listVersion: try transaction.contact(device.handle)?.list.version ?? 0)
        }
    }

    /// What the user should know, oldest first; told once.
    public func takeWarnings() async throws(ClientError) -> [Warning] {
        try await profile.transaction { try $0.takeWarnings() }
    }
}
