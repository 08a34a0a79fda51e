import Logging
import SealpostCore
import SodiumKit

/// Everything about a server that can be chosen. The values here are the defaults; `Setting.all` is how each is named,
/// read and shown.
package struct ServerConfiguration: Sendable, Hashable {
    package enum RegistrationMode: String, Sendable, CaseIterable {
        case open, invite, closed
    }

    /// How much work a password costs: memory and passes of Argon2id.
    package enum PasswordProfile: String, Sendable, CaseIterable {
        /// 64 MiB, 2 passes.
        case interactive
        /// 256 MiB, 3 passes.
        case sensitive
        /// 8 KiB, 1 pass: protects nothing, for tests only.
        case minimal

        var cost: Argon2idCost {
            switch self {
            case .interactive: .interactive
            case .sensitive: .sensitive
            case .minimal: Argon2idCost(passes: 1, memory: 8 << 10)
            }
        }
    }

    /// The address to listen on: a name or an IP address.
    package var host = "127.0.0.1"
    /// 0: any free port.
    package var port = 8080
    /// The PostgreSQL database that nodes share; nil: SQLite in the data folder.
    package var database: DatabaseURL?
    /// The folder of the database and the keyring, made with mode 0700 if it is not there.
    package var dataFolder = "data"
    /// The file of the keyring; empty: `keyring.json` in the data folder.
    package var keyringFile = ""
    /// The keyring itself, as JSON, in the place of a file; empty: there is a file.
    package var keyringText = ""
    /// Whether a start brings the schema up to date; if not, it has to be that already.
    package var migratesAtStart = true
    package var postgresConnections = 16
    /// Where to listen for other nodes, past a pooler that does not keep a session's `LISTEN`; nil: at `database`.
    package var postgresListen: DatabaseURL?
    package var postgresStatementTimeout = Duration.seconds(15)
    package var postgresLockTimeout = Duration.seconds(2)
    package var registration = RegistrationMode.open
    /// The texts that let somebody register in mode `invite`.
    package var invites: [String] = []
    package var rates = RateLimits()
    package var passwordProfile = PasswordProfile.interactive
    /// Passwords checked at once; each takes the profile's memory.
    package var passwordWorkers = 2
    /// Passwords that may wait to be checked.
    package var passwordQueue = 64
    /// From SIGTERM to the end of the process.
    package var shutdownDeadline = Duration.seconds(20)
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.text

    package init() {}

    /// Where the store is, for people.
    package var storeDescription: String { database?.description ?? dataFolder }

    /// The policy that mode and invites make.
    package var registrationPolicy: RegistrationPolicy {
        switch registration {
        case .open: .open
        case .invite: .invite(invites)
        case .closed: .closed
        }
    }
}
