import SealpostCore

/// A message as it is kept, with what is needed to acknowledge it.
struct InboxRecord: Codable, Sendable {
    var message: Message
    /// Its place in the mailbox; acknowledged once a handler has taken the message.
    var seq: Sequence
}

/// An envelope whose sender's device is not on the list that is known; it waits here for a newer list.
struct HeldRecord: Codable, Sendable {
    /// After so long it is shown as undecryptable.
    static let life = Duration.days(30)
    /// The list is asked for again after so long.
    static let pause = Duration.hours(1)

    var number: Int64
    var envelope: EnvelopeAnswer
    /// When the sender's list was last asked for.
    var checked: Timestamp
}

/// An id that was seen, and when.
struct SeenRecord: Codable, Sendable {
    /// Longer than an envelope can be deposited again under its id, and than a sender keeps what it sent.
    static let life = Duration.days(75)

    var key: String
    var seen: Timestamp

    /// Envelope ids are unique for a depositor only.
    static func envelope(_ id: EnvelopeID, from sender: String?) -> String { "envelope \(sender ?? "") \(id)" }
    static func message(_ id: String, from sender: MailboxAddress) -> String { "message \(sender) \(id)" }
}

/// What is known of a peer device beside its sessions: how often it was asked to send again.
struct PeerRecord: Codable, Sendable {
    /// At most one request to send again in this time.
    static let resetPause = Duration.hours(1)

    var lastReset: Timestamp?
}

extension Transaction {
    func peer(_ address: MailboxAddress) throws -> PeerRecord {
        try value(PeerRecord.self, address.description, in: .peer) ?? PeerRecord()
    }

    func setPeer(_ peer: PeerRecord, _ address: MailboxAddress) throws {
        try setValue(peer, address.description, in: .peer)
    }

    /// Notes an id; false if it was noted before.
    func see(_ key: String, now: Timestamp) throws -> Bool {
        guard try !contains(key, in: .seen) else { return false }
        try setValue(SeenRecord(key: key, seen: now), key, in: .seen)
        return true
    }

    /// Keeps a message under the next number.
    @discardableResult
    func store(
        _ content: Message.Content, id: String, from: MailboxAddress?, sent: Timestamp?, of envelope: EnvelopeAnswer,
        marks: [Message.Mark] = []
    ) throws -> Message {
        let message = Message(
            number: try nextNumber(in: .inbox), id: id, from: from, sent: sent, received: envelope.received,
            content: content, marks: marks, handled: false)
        try setValue(InboxRecord(message: message, seq: envelope.seq), number: message.number, in: .inbox)
        return message
    }
}
