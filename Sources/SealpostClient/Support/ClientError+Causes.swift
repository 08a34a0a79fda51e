import CurlKit
import GRDB
import SealpostCore
import SodiumKit

extension ClientError {
    /// What a failure inside a transaction or while opening a profile means.
    init(storage error: any Error) {
        self =
            switch error {
            case let error as ClientError: error
            case let error as ProfileError: .profile(error)
            case let error as TrustFailure: .untrusted(error)
            case let error as DatabaseError: .profile(.storage(error.message ?? "SQLite error \(error.resultCode)"))
            case is CancellationError: .cancelled
            default: .profile(.storage(String(describing: error)))
            }
    }

    /// Why there was no answer.
    init(_ error: TransferError) {
        self =
            switch error.kind {
            case .cancelled: .cancelled
            case .invalidRequest: .invalidArgument("the request cannot be sent: \(error.detail)")
            case .invalidResponse, .responseTooLarge: .unexpectedAnswer(error.detail)
            default: .unreachable(detail: error.detail)
            }
    }
}
