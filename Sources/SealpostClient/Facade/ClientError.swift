import SealpostCore

/// Why a call of the client failed, in cases that a tool can map to exit codes (the sysexits value is named with each).
public enum ClientError: Error, Sendable {
    /// The profile cannot be used; see the case for the exit code.
    case profile(ProfileError)
    /// No answer from the server (69 unavailable). What was queued stays queued.
    case unreachable(detail: String)
    /// The server answered with an error from its catalogue (77 for 401 and 403, 75 for 429 and 503, 68 for an unknown
    /// handle, else 76).
    case refused(Problem)
    /// The answer is not what the protocol says (76 protocol).
    case unexpectedAnswer(String)
    /// The session has ended: sign in again with the password (77 no permission).
    case signedOut
    /// A newer copy of this profile has been used since (78 configuration): this copy can never be used again and the
    /// machine has to link itself as a new device.
    case rolledBack
    /// The device is not on the account's device list yet (75 try again): it has to be approved first.
    case devicePending
    /// The profile's device was removed from the account's list (77 no permission).
    case deviceRemoved
    /// Only the device that holds the account key can do this (77 no permission).
    case notAccountKeyHolder
    /// The code that was typed is not the one this side computes (77 no permission): the server may have swapped a key.
    case linkCodeMismatch
    /// There is no such device, contact, message or outbox entry here (66 no input).
    case notFound(String)
    /// The server or someone in between was caught lying, or a contact's key changed (76 protocol).
    case untrusted(TrustFailure)
    /// The content is larger than a message may be (65 data).
    case contentTooLarge(limit: Int)
    /// An argument cannot be used (64 usage).
    case invalidArgument(String)
    /// The caller's handler threw; the message stays unacknowledged (the exit code is the caller's choice).
    case handlerFailed(any Error)
    /// The calling task was cancelled (75 try again).
    case cancelled
}

extension ClientError: CustomStringConvertible {
    /// One sentence for people, with what to do about it; no secret and no content.
    public var description: String {
        switch self {
        case .profile(let error): error.description
        case .unreachable(let detail): "the server cannot be reached: \(detail)"
        case .refused(let problem): "the server refused: \(problem.title.lowercased()) (\(problem.detail))"
        case .unexpectedAnswer(let detail): "the server's answer makes no sense: \(detail)"
        case .signedOut: "the session has ended; sign in again"
        case .rolledBack:
            "this profile is an old copy: a newer one has been used since. It must not be used again; "
                + "start a new profile and link it as a new device"
        case .devicePending: "this device waits for approval by the device that holds the account key"
        case .deviceRemoved: "this device was removed from the account; start a new profile and link it again"
        case .notAccountKeyHolder: "only the device that holds the account key can do this"
        case .linkCodeMismatch:
            "the code does not match; look again, and if it stays different do not approve the device: "
                + "someone may have exchanged a key"
        case .notFound(let what): "there is no \(what)"
        case .untrusted(let failure): failure.description
        case .contentTooLarge(let limit): "the message is too large: at most \(limit) bytes fit"
        case .invalidArgument(let detail): detail
        case .handlerFailed(let error): "the handler failed: \(error)"
        case .cancelled: "cancelled"
        }
    }
}
