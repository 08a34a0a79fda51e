import SealpostCore

/// A message on its way out. Its states, each durable before the next begins:
///
/// 1. queued: no claim, no deposit;
/// 2. claiming: `claim` names the request, so that an answer that was lost is asked for again;
/// 3. encrypted: `deposit` holds id and ciphertexts, stored together with the sessions' new state; from here on exactly
///    these are sent, however often, until the server says that they are stored or can never be;
/// 4. deposited: the record is gone; or given up: `failure` says why.
struct OutboxRecord: Codable, Sendable {
    struct Claim: Codable, Sendable {
        var id: EnvelopeID
        var devices: [DeviceNumber]
        var made: Timestamp
    }

    struct Deposit: Codable, Sendable {
        var id: EnvelopeID
        var envelopes: [Envelope]
        var policy: DepositPolicy
    }

    struct Envelope: Codable, Sendable {
        var device: DeviceNumber
        var content: Base64
    }

    /// After so long an entry is given up: the server may then have forgotten its id.
    static let life = Duration.days(6)
    /// A claim's bundles are used no longer than this.
    static let claimLife = Duration.days(6)

    var number: Int64
    /// The id inside the message.
    var id: String
    var recipient: Handle
    var body: PlaintextBody
    var created: Timestamp
    /// Not sent before.
    var due: Timestamp
    /// Only these devices; nil: every listed one.
    var devices: [DeviceNumber]?
    /// Encrypted in new sessions, whatever sessions there are.
    var startsFresh = false
    /// Whether the user asked for it, or the client sends it by itself.
    var isAutomatic = false

    var claim: Claim?
    var deposit: Deposit?
    /// Devices that have it.
    var stored: [DeviceNumber] = []
    /// Devices that the server says are gone, though the list still names them.
    var gone: [DeviceNumber] = []

    var attempts = 0
    var nextAttempt: Timestamp?
    var lastError: String?
    var failure: String?
}

extension OutboxRecord {
    /// Whether the pause since the last try is over.
    func isReady(_ now: Timestamp, ignoringBackoff: Bool) -> Bool {
        ignoringBackoff || nextAttempt.map { $0 <= now } ?? true
    }

    /// Notes a try that did not help, and when the next one is: 5 s, doubled each time up to an hour, with jitter, but
    /// not before the server said.
    mutating func backOff(_ error: String, retryAfter: Duration?, now: Timestamp, jitter: Double) {
        let seconds = min(5 * (1 << min(attempts, 10)), 3600)
        attempts += 1
        lastError = error
        let pause = Duration.milliseconds(Int64(Double(seconds) * 1000 * jitter))
        nextAttempt = now + max(pause, retryAfter ?? .zero)
    }

    /// Whether it has been tried long enough.
    func isOver(_ now: Timestamp) -> Bool { now >= max(due, created) + Self.life }
}

extension OutboxEntry {
    init(_ record: OutboxRecord) {
        let state: State =
            if let failure = record.failure {
                .failed(reason: failure)
            } else {
                record.deposit == nil ? .queued : .encrypted
            }
        self.init(
            number: record.number, id: record.id, recipient: record.recipient,
            content: record.isAutomatic ? nil : OutgoingContent(record.body), created: record.created, due: record.due,
            state: state, attempts: record.attempts, nextAttempt: record.nextAttempt, lastError: record.lastError)
    }
}

extension OutgoingContent {
    /// What the user sent; nil for what clients send by themselves.
    init?(_ body: PlaintextBody) {
        switch body {
        case .text(let text, let replyTo): self = .text(text, replyTo: replyTo)
        case .receipt(let ids, let status): self = .receipt(ids: ids, status: status)
        case .profile(let name, _): self = .profile(name: name)
        case .sync, .reset, .unknown: return nil
        }
    }

    var body: PlaintextBody {
        switch self {
        case .text(let text, let replyTo): .text(text, replyTo: replyTo)
        case .receipt(let ids, let status): .receipt(ids: ids, status: status)
        case .profile(let name): .profile(name: name, depositToken: nil)
        }
    }
}

/// What was sent in an envelope, kept as long as it can wait in a mailbox, so that it can be sent again.
struct SentRecord: Codable, Sendable {
    static let life = Duration.days(31)

    var envelope: String
    var id: String
    var recipient: Handle
    var body: PlaintextBody
    var devices: [DeviceNumber]
    var sent: Timestamp
}
