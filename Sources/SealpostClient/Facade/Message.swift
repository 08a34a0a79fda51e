import SealpostCore

/// One thing that came in, as it is kept on this device.
public struct Message: Hashable, Sendable, Codable {
    /// What the message is.
    public enum Content: Hashable, Sendable, Codable {
        case text(String, replyTo: String?)
        /// The other side has got or read the messages with these ids.
        case receipt(ids: [String], status: ReceiptStatus)
        /// What another device of this account sent to `to`, under the id that receipts name.
        case sent(to: Handle, id: String, content: OutgoingContent)
        /// The sender's name for people.
        case profile(name: String)
        /// A kind that this release does not know, kept whole: the plaintext's JSON.
        case unknown(kind: String, json: String)
        /// An envelope that could not be decrypted; the sender is asked to send it again.
        case undecryptable(reason: String)
        /// An envelope of a kind that this release cannot open (`sealed`, `letter`, another suite), kept whole.
        case unsupported(kind: String)
    }

    /// What is remarkable about where it came from.
    public enum Mark: String, Hashable, Sendable, Codable {
        /// The device was on an earlier list and is not on the newest.
        case removedDevice = "removed_device"
    }

    /// Numbers ascend on this device in the order of arrival.
    public var number: Int64
    /// The id inside the message, which receipts and replies name; the envelope's id where there is none.
    public var id: String
    /// The device it came from, as verified; as the server says if it could not be decrypted; absent if unknown.
    public var from: MailboxAddress?
    /// By the sender's clock.
    public var sent: Timestamp?
    /// When the server took it.
    public var received: Timestamp
    public var content: Content
    public var marks: [Mark]
    /// Whether a handler has taken it.
    public var handled: Bool
}

public enum ReceiptStatus: String, Hashable, Sendable, Codable, CaseIterable {
    case delivered, read
}

/// What can be sent to an account.
public enum OutgoingContent: Hashable, Sendable, Codable {
    case text(String, replyTo: String? = nil)
    case receipt(ids: [String], status: ReceiptStatus)
    case profile(name: String)
}
