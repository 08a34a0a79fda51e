import SealpostClient
import SealpostCore

extension ToolError {
    /// What a failure of the client means to whoever ran the command.
    init(_ error: ClientError) {
        switch error {
        case .refused(let problem):
            self.init(Self.exit(for: problem.code), error.description, code: problem.code.rawValue)
        case .untrusted(let failure):
            self.init(.notTrusted, error.description, code: failure.reason.rawValue)
        case .rolledBack:
            self.init(.badState, error.description, code: ErrorCode.stateRollback.rawValue)
        default:
            self.init(Self.exit(for: error), error.description)
        }
    }

    private static func exit(for error: ClientError) -> ToolExit {
        switch error {
        case .profile(let error): exit(for: error)
        case .unreachable: .unavailable
        case .refused(let problem): exit(for: problem.code)
        case .unexpectedAnswer, .untrusted: .notTrusted
        case .signedOut, .deviceRemoved, .notAccountKeyHolder, .linkCodeMismatch: .notAllowed
        case .rolledBack: .badState
        case .devicePending, .cancelled, .handlerFailed: .tryAgain
        case .notFound: .missing
        case .contentTooLarge: .badInput
        case .invalidArgument: .usage
        }
    }

    private static func exit(for error: ProfileError) -> ToolExit {
        switch error {
        case .missing, .unfinished: .missing
        case .exists: .exists
        case .inUse: .tryAgain
        case .passphraseNeeded, .wrongPassphrase: .notAllowed
        case .wrongKeyFile, .exposedKeyFile, .damaged, .newerFormat: .badState
        case .storage: .inputOutput
        }
    }

    private static func exit(for code: ErrorCode) -> ToolExit {
        switch code {
        case .notFound, .noDevices, .noAccountKey: .unknownAccount
        case .handleTaken, .emailTaken, .keyTaken: .exists
        case .handleReserved, .notAnEnvelope, .bodyTooLarge, .invalidMember, .invalidParameter: .badInput
        case .rateLimited, .devicePending, .tooMany, .mailboxFull, .listConflict, .deviceMismatch, .sessionBound,
            .prekeyConflict:
            .tryAgain
        case .unavailable: .unavailable
        case .stateRollback: .badState
        default:
            switch code.status {
            case 401, 403: .notAllowed
            default: .defect
            }
        }
    }
}
