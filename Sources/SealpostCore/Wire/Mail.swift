/// Whether a deposit must cover the recipient's devices.
public enum DepositPolicy: String, Codable, Sendable {
    /// Every device that is listed, exists and is not dormant needs an envelope.
    case strict
    /// Devices may be left out.
    case ignore
}

/// `PUT /v1/accounts/{handle}/deposits/{id}`.
public struct DepositRequest: RequestBody {
    public struct Envelope: RequestBody {
        public var device: DeviceNumber
        public var content: Base64

        public enum CodingKeys: String, CodingKey, CaseIterable {
            case device, content
        }

        public init(device: DeviceNumber, content: Base64) {
            self.device = device
            self.content = content
        }
    }

    public var envelopes: [Strict<Envelope>]
    /// Seconds; clamped to 10 s – 30 d.
    public var ttl: Int64?
    public var policy: DepositPolicy?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case envelopes, ttl, policy
    }

    public init(envelopes: [Envelope], ttl: Int64? = nil, policy: DepositPolicy? = nil) {
        self.envelopes = envelopes.map(Strict.init)
        self.ttl = ttl
        self.policy = policy
    }
}

/// What became of the envelope for one device.
public struct DepositOutcomeAnswer: Codable, Sendable, Hashable {
    public enum Outcome: String, Codable, Sendable {
        case stored, refused
    }

    public var device: DeviceNumber
    public var outcome: Outcome
    public var seq: Sequence?
    public var expires: Timestamp?
    /// Why it was refused: `mailbox_full`.
    public var code: ErrorCode?

    public init(
        device: DeviceNumber, outcome: Outcome, seq: Sequence? = nil, expires: Timestamp? = nil,
        code: ErrorCode? = nil
    ) {
        self.device = device
        self.outcome = outcome
        self.seq = seq
        self.expires = expires
        self.code = code
    }
}

/// The answer to a deposit: 201 when it was stored now, 200 when it was known.
public struct DepositAnswer: Codable, Sendable, Hashable {
    public var id: EnvelopeID
    public var outcomes: [DepositOutcomeAnswer]

    public init(id: EnvelopeID, outcomes: [DepositOutcomeAnswer]) {
        self.id = id
        self.outcomes = outcomes
    }
}

/// One envelope as its recipient gets it.
public struct EnvelopeAnswer: Codable, Sendable, Hashable {
    public var seq: Sequence
    public var id: EnvelopeID
    /// The depositing device's address, or the handle if the session had no device; absent with a deposit token.
    public var from: String?
    public var kind: String
    public var received: Timestamp
    public var expires: Timestamp
    public var content: Base64

    public init(
        seq: Sequence, id: EnvelopeID, from: String?, kind: String, received: Timestamp, expires: Timestamp,
        content: Base64
    ) {
        self.seq = seq
        self.id = id
        self.from = from
        self.kind = kind
        self.received = received
        self.expires = expires
        self.content = content
    }
}

/// What is left of unacknowledged mail that went.
public struct Tombstone: Codable, Sendable, Hashable {
    public enum Reason: String, Codable, Sendable {
        case expired, withdrawn, restored
    }

    public var from: Sequence
    public var through: Sequence
    public var reason: Reason
    /// At most so many envelopes went.
    public var count: Int

    public init(from: Sequence, through: Sequence, reason: Reason, count: Int) {
        self.from = from
        self.through = through
        self.reason = reason
        self.count = count
    }
}

/// What a poll says of the account.
public struct AccountStateAnswer: Codable, Sendable, Hashable {
    public var listVersion: UInt64?
    public var listHash: Base64?
    /// Devices that wait for a list that names them.
    public var pendingDevices: [DeviceNumber]

    public enum CodingKeys: String, CodingKey {
        case listVersion = "list_version"
        case listHash = "list_hash"
        case pendingDevices = "pending_devices"
    }

    public init(listVersion: UInt64?, listHash: Base64?, pendingDevices: [DeviceNumber]) {
        self.listVersion = listVersion
        self.listHash = listHash
        self.pendingDevices = pendingDevices
    }
}

/// What waits in a mailbox.
public struct PendingAnswer: Codable, Sendable, Hashable {
    public var count: Int
    public var bytes: Int

    public init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }
}

/// The answer of a fetch. A pending device gets only `account` and `wait`.
public struct MailboxAnswer: Codable, Sendable, Hashable {
    public var mailbox: MailboxAddress?
    public var envelopes: [EnvelopeAnswer]?
    public var tombstones: [Tombstone]?
    public var cursor: Sequence?
    public var more: Bool?
    public var pending: PendingAnswer?
    /// How many envelopes were refused in all because the mailbox was full.
    public var refused: Int64?
    public var prekeys: PrekeyCounts?
    public var account: AccountStateAnswer
    /// With the first fetch after dormancy, until the next acknowledgement: the last fetch before it.
    public var dormantSince: Timestamp?
    /// Seconds that the server was ready to wait.
    public var wait: Int
    /// A newer poll on the same mailbox took this one's place.
    public var superseded: Bool?
    public var retryAfter: Int?

    public enum CodingKeys: String, CodingKey {
        case mailbox, envelopes, tombstones, cursor, more, pending, refused, prekeys, account, wait, superseded
        case dormantSince = "dormant_since"
        case retryAfter = "retry_after"
    }

    public init(account: AccountStateAnswer, wait: Int) {
        self.account = account
        self.wait = wait
    }
}

/// `POST /v1/mailbox/ack`: one of the two.
public struct AckRequest: RequestBody {
    public var through: Sequence?
    public var seqs: [Sequence]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case through, seqs
    }

    public init(through: Sequence) {
        self.through = through
    }

    public init(seqs: [Sequence]) {
        self.seqs = seqs
    }
}

/// The answer to an acknowledgement: how far the mailbox is acknowledged, and what still waits.
public struct AckAnswer: Codable, Sendable, Hashable {
    public var acked: Sequence
    public var pending: PendingAnswer

    public init(acked: Sequence, pending: PendingAnswer) {
        self.acked = acked
        self.pending = pending
    }
}

/// `POST /v1/poll`: acknowledge and wait.
public struct PollRequest: RequestBody {
    public struct Mailbox: RequestBody {
        public var ack: Strict<AckRequest>?
        public var after: Sequence?

        public enum CodingKeys: String, CodingKey, CaseIterable {
            case ack, after
        }

        public init(ack: AckRequest? = nil, after: Sequence? = nil) {
            self.ack = ack.map(Strict.init)
            self.after = after
        }
    }

    public var mailbox: Strict<Mailbox>
    public var limit: Int?
    /// Seconds, 0–55.
    public var wait: Int?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case mailbox, limit, wait
    }

    public init(mailbox: Mailbox, limit: Int? = nil, wait: Int? = nil) {
        self.mailbox = Strict(mailbox)
        self.limit = limit
        self.wait = wait
    }
}

/// The answer of `POST /v1/poll`.
public struct PollAnswer: Codable, Sendable, Hashable {
    public var mailbox: MailboxAnswer
    /// Seconds that the server was ready to wait.
    public var wait: Int

    public init(mailbox: MailboxAnswer, wait: Int) {
        self.mailbox = mailbox
        self.wait = wait
    }
}
