import Foundation
import SealpostCore

/// The version and hash of a device list, as messages tell them: `[version, "hash"]`.
struct ListVersion: Codable, Hashable, Sendable {
    var version: UInt64
    /// SHA-256 of the list's bytes.
    var hash: Base64

    init(version: UInt64, hash: Base64) {
        self.version = version
        self.hash = hash
    }

    init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        version = try container.decode(UInt64.self)
        hash = try container.decode(Base64.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(version)
        try container.encode(hash)
    }
}

/// What every message says about itself before its kind's own members.
struct PlaintextHead: Codable, Hashable, Sendable {
    struct Lists: Codable, Hashable, Sendable {
        /// The sender's own list.
        var own: ListVersion
        /// The recipient's list as the sender knows it.
        var peer: ListVersion
    }

    static let version = 1

    var v: Int
    var id: String
    var at: Timestamp
    var from: MailboxAddress
    var to: MailboxAddress
    var lists: Lists
    var kind: String
}

/// The kind of a message with its members.
enum PlaintextBody: Hashable, Sendable {
    case text(String, replyTo: String?)
    case receipt(ids: [String], status: ReceiptStatus)
    indirect case sync(SyncedMessage)
    case reset(failed: [String])
    case profile(name: String, depositToken: String?)
    /// A kind that this release does not know.
    case unknown(kind: String)

    var kind: String {
        switch self {
        case .text: "text"
        case .receipt: "receipt"
        case .sync: "sync"
        case .reset: "reset"
        case .profile: "profile"
        case .unknown(let kind): kind
        }
    }
}

/// What another device of the account sent, and to whom.
struct SyncedMessage: Codable, Hashable, Sendable {
    var to: Handle
    var id: String
    var at: Timestamp
    var body: PlaintextBody

    init(to: Handle, id: String, at: Timestamp, body: PlaintextBody) {
        self.to = to
        self.id = id
        self.at = at
        self.body = body
    }

    private enum CodingKeys: String, CodingKey {
        case to, id, at
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        to = try container.decode(Handle.self, forKey: .to)
        id = try container.decode(String.self, forKey: .id)
        at = try container.decode(Timestamp.self, forKey: .at)
        let body = try PlaintextBody(from: decoder)
        // Nobody tells what was told: a sync inside a sync is as good as unknown.
        self.body = if case .sync = body { .unknown(kind: body.kind) } else { body }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(to, forKey: .to)
        try container.encode(id, forKey: .id)
        try container.encode(at, forKey: .at)
        try body.encode(to: encoder)
    }
}

extension PlaintextBody: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind, text, ids, status, message, failed, name
        case replyTo = "reply_to"
        case depositToken = "deposit_token"
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let kind = try container.decode(String.self, forKey: .kind)
        switch kind {
        case "text":
            self = .text(
                try container.decode(String.self, forKey: .text),
                replyTo: try container.decodeIfPresent(String.self, forKey: .replyTo))
        case "receipt":
            self = .receipt(
                ids: try container.decode([String].self, forKey: .ids),
                status: try container.decode(ReceiptStatus.self, forKey: .status))
        case "sync":
            self = .sync(try container.decode(SyncedMessage.self, forKey: .message))
        case "reset":
            self = .reset(failed: try container.decode([String].self, forKey: .failed))
        case "profile":
            self = .profile(
                name: try container.decode(String.self, forKey: .name),
                depositToken: try container.decodeIfPresent(String.self, forKey: .depositToken))
        default: self = .unknown(kind: kind)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .text(let text, let replyTo):
            try container.encode(text, forKey: .text)
            try container.encodeIfPresent(replyTo, forKey: .replyTo)
        case .receipt(let ids, let status):
            try container.encode(ids, forKey: .ids)
            try container.encode(status, forKey: .status)
        case .sync(let message): try container.encode(message, forKey: .message)
        case .reset(let failed): try container.encode(failed, forKey: .failed)
        case .profile(let name, let depositToken):
            try container.encode(name, forKey: .name)
            try container.encodeIfPresent(depositToken, forKey: .depositToken)
        case .unknown: break
        }
    }
}

/// A whole message as it is encrypted: one JSON object, UTF-8, of the head's members and the body's.
struct Plaintext: Codable, Hashable, Sendable {
    var head: PlaintextHead
    var body: PlaintextBody

    init(head: PlaintextHead, body: PlaintextBody) {
        self.head = head
        self.body = body
    }

    init(from decoder: any Decoder) throws {
        head = try PlaintextHead(from: decoder)
        body = try PlaintextBody(from: decoder)
    }

    func encode(to encoder: any Encoder) throws {
        try head.encode(to: encoder)
        try body.encode(to: encoder)
    }
}

extension Plaintext {
    /// Reads the JSON of a message; nil for anything that is not one of version 1. Members that are not known are
    /// passed over, and a known kind with wrong members counts as unknown, so that it is kept.
    init?(json: [UInt8]) {
        let decoder = JSONDecoder()
        guard let head = try? decoder.decode(PlaintextHead.self, from: Data(json)), head.v == PlaintextHead.version,
            !head.id.isEmpty, head.id.utf8.count <= 64
        else { return nil }
        let body = try? decoder.decode(PlaintextBody.self, from: Data(json))
        self.init(head: head, body: body ?? .unknown(kind: head.kind))
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
