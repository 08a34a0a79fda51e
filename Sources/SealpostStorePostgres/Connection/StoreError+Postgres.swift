import PostgresKit
import SealpostStore

extension StoreError {
    /// What an error inside a transaction means to the caller. Texts hold codes and the database's own words: neither
    /// parameters nor anything a user wrote.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as PostgresError:
            self = Self(error)
        case is CancellationError:
            self = .cancelled
        case let error as KeyringError:
            self = .corrupt(error.description)
        default:
            self = .corrupt("unexpected: \(type(of: error))")
        }
    }

    private init(_ error: PostgresError) {
        switch error {
        case .cancelled:
            self = .cancelled
        case .unexpectedValue:
            self = .corrupt(error.description)
        case .server(let server) where !server.state.mayPass:
            self = .corrupt(error.description)
        case .unreachable, .exhausted, .connectionLost, .timedOut, .commitUnknown, .closed, .server:
            self = .unavailable(error.description)
        }
    }
}

extension SQLState {
    /// Whether it is the database's condition, and not what it was asked: it may pass.
    var mayPass: Bool {
        switch kind {
        // Connections, transactions that ended, rollbacks, resources, limits, states, an operator, the system.
        case "08", "25", "40", "53", "54", "55", "57", "58": true
        // What a connection had prepared before the schema changed, or before a pooler gave it to somebody else.
        default: [.featureNotSupported, .unknownStatement, .duplicateStatement].contains(self)
        }
    }
}
