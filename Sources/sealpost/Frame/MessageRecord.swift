import SealpostClient
import SealpostCore

/// A message that came in, as `fetch` and `watch` print it.
struct MessageRecord: Encodable {
    var number: Int64
    var id: String
    var from: MailboxAddress?
    /// For what another device of this account sent: to whom.
    var to: Handle?
    /// And the id under which the recipient knows it.
    var sentID: String?
    var kind: String
    var text: String?
    var replyTo: String?
    var ids: [String]?
    var status: ReceiptStatus?
    var name: String?
    /// The plaintext of a kind that is not known here, as JSON.
    var content: String?
    var reason: String?
    var sent: Timestamp?
    var received: Timestamp
    var marks: [Message.Mark]?

    enum CodingKeys: String, CodingKey {
        case number, id, from, to, kind, text, ids, status, name, content, reason, sent, received, marks
        case replyTo = "reply_to"
        case sentID = "sent_id"
    }

    init(_ message: Message) {
        number = message.number
        id = message.id
        from = message.from
        sent = message.sent
        received = message.received
        marks = message.marks.isEmpty ? nil : message.marks
        switch message.content {
        case .text(let text, let replyTo):
            kind = "text"
            self.text = text
            self.replyTo = replyTo
        case .receipt(let ids, let status):
            kind = "receipt"
            self.ids = ids
            self.status = status
        case .sent(let to, let id, let content):
            kind = "sent"
            self.to = to
            sentID = id
            take(content)
        case .profile(let name):
            kind = "profile"
            self.name = name
        case .unknown(_, let json):
            kind = "unknown"
            content = json
        case .undecryptable(let reason):
            kind = "undecryptable"
            self.reason = reason
        case .unsupported(let envelope):
            kind = "unsupported"
            reason = "an envelope of kind \(envelope)"
        }
    }

    /// What was sent from another device: the members that say it.
    private mutating func take(_ content: OutgoingContent) {
        switch content {
        case .text(let text, let replyTo): (self.text, self.replyTo) = (text, replyTo)
        case .receipt(let ids, let status): (self.ids, self.status) = (ids, status)
        case .profile(let name): self.name = name
        }
    }

    /// `2026-11-23T06:12:00.000Z alice.1: hello`; what is not a text stands in brackets.
    func line(_ output: Output) -> String {
        let sender = from.map(\.description) ?? "unknown"
        let recipient = to.map { " to \($0)" } ?? ""
        let mark = (marks ?? []).map { " [\($0.rawValue)]" }.joined()
        return output.faint(received.description) + " " + output.strong(sender + recipient) + mark + ": "
            + said(output)
    }

    private func said(_ output: Output) -> String {
        if let text { return output.foreign(text) }
        switch kind {
        case "receipt", "sent":
            return "[\(status?.rawValue ?? "receipt")] \(output.foreign((ids ?? []).joined(separator: " ")))"
        case "profile": return "[is called] \(output.foreign(name ?? ""))"
        case "unknown": return "[unknown kind] \(output.foreign(content ?? ""))"
        case "undecryptable": return output.warning("[could not be decrypted: \(output.foreign(reason ?? ""))]")
        default: return "[cannot be opened here: \(output.foreign(reason ?? ""))]"
        }
    }

    /// What a command of `watch --exec` gets on its standard input.
    var input: String { text ?? content ?? "" }

    /// In bytes. Ids are far shorter; but they are the sender's, and a message that no command can be started for would
    /// come again for ever.
    private static let longestVariable = 1024

    /// What it gets in its environment.
    var variables: [String: String] {
        var variables = [
            "SEALPOST_MESSAGE_NUMBER": String(number), "SEALPOST_MESSAGE_ID": id, "SEALPOST_MESSAGE_KIND": kind,
            "SEALPOST_MESSAGE_RECEIVED": received.description,
        ]
        variables["SEALPOST_MESSAGE_FROM"] = from?.description
        variables["SEALPOST_MESSAGE_TO"] = to?.description
        variables["SEALPOST_MESSAGE_SENT"] = sent?.description
        variables["SEALPOST_MESSAGE_REPLY_TO"] = replyTo
        // The environment ends a value at its first zero byte, and has room for so much: what is longer is left out.
        return variables.mapValues { $0.replacing("\0", with: "") }.filter { $1.utf8.count <= Self.longestVariable }
    }
}
