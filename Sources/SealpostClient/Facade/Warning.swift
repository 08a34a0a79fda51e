import SealpostCore

/// Something the user should know, kept until it was shown; see `Messenger.takeWarnings()`.
public enum Warning: Hashable, Sendable, Codable {
    /// The server was caught, or a contact's key changed.
    case trust(TrustFailure)
    /// A contact was seen for the first time and its account key pinned; compare safety numbers when it matters.
    case newContact(Handle)
    /// Mail went before this device collected it: at most so many envelopes.
    case mailLost(count: Int, reason: Tombstone.Reason)
    /// The server refused so many envelopes in all because the mailbox was full.
    case mailRefused(total: Int64)
    /// A device of the account waits for approval.
    case devicePending(DeviceNumber)
    /// The device had not fetched for so long that senders left it out.
    case dormant(since: Timestamp)
    /// An outbox entry was given up.
    case sendingFailed(entry: Int64, recipient: Handle, reason: String)
    /// The server holds other prekeys than this device uploaded; new ones were uploaded.
    case prekeysDisagreed
    /// The server has lost mail or numbers: a cursor was ahead of its mailbox.
    case serverStateLost
}

extension Warning: CustomStringConvertible {
    public var description: String {
        switch self {
        case .trust(let failure): failure.description
        case .newContact(let handle): "\(handle) is new: the account key was accepted unseen; compare safety numbers"
        case .mailLost(let count, let reason): "up to \(count) messages are gone from the mailbox (\(reason.rawValue))"
        case .mailRefused(let total): "the mailbox was full: \(total) messages were refused so far"
        case .devicePending(let number): "device \(number) waits for approval"
        case .dormant(let since): "this device had not fetched since \(since): senders may have left it out"
        case .sendingFailed(let entry, let recipient, let reason):
            "outbox entry \(entry) to \(recipient) was given up: \(reason)"
        case .prekeysDisagreed: "the server holds other prekeys than this device uploaded; new ones were uploaded"
        case .serverStateLost: "the server has lost state: this device had seen more than the mailbox now has"
        }
    }
}
