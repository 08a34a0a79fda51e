import GRDB
import SealpostStore

extension StoreError {
    /// What an error inside a transaction means to the caller. Texts hold codes and the database's own words: neither
    /// statements' arguments nor anything a user wrote.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self = Self(error)
        case is CancellationError:
            self = .cancelled
        case let error as KeyringError:
            self = .corrupt(error.description)
        default:
            self = .corrupt("unexpected: \(type(of: error))")
        }
    }

    private init(_ error: DatabaseError) {
        let cause = "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY,
            .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_NOMEM, .SQLITE_PROTOCOL, .SQLITE_INTERRUPT, .SQLITE_ABORT,
            .SQLITE_MISUSE, .SQLITE_NOLFS:
            // Misuse is how a closed connection answers.
            self = .unavailable(cause)
        default:
            self = .corrupt(cause)
        }
    }
}
