/// The fixed limits of the protocol; every one is told by `GET /v1/limits`.
public enum Limits {
    /// The largest envelope, in bytes.
    public static let envelopeBytes = 256 * 1024
    /// The largest request body, in bytes.
    public static let bodyBytes = 4 * 1024 * 1024
    /// How much a mailbox holds: envelopes, and bytes of their content.
    public static let mailboxEnvelopes = 1_000
    public static let mailboxBytes = 50 * 1024 * 1024
    /// Devices of an account at a time.
    public static let devices = 10
    /// Devices that an account can ever have registered: numbers and identity keys are never used again.
    public static let devicesEver = 1_000
    /// How long an envelope may wait: shortest, longest and default.
    public static let minimumTTL = Duration.seconds(10)
    public static let maximumTTL = Duration.days(30)
    /// How long a deposit's id is known at least.
    public static let idMemory = Duration.days(7)
    /// How long a claim's answer is kept.
    public static let claimMemory = Duration.days(7)
    /// How long an `Idempotency-Key` is known.
    public static let idempotencyMemory = Duration.hours(24)
    /// After so long without a fetch a device is dormant.
    public static let dormancy = Duration.days(45)
    /// Items and bytes in one answer of a fetch.
    public static let fetchItems = 100
    public static let defaultFetchItems = 50
    public static let fetchBytes = 1024 * 1024
    /// The longest wait of a poll.
    public static let wait = Duration.seconds(55)
    /// Polls parked on one mailbox at a node.
    public static let pollsPerMailbox = 4
    /// One-time prekeys of a kind: in one upload, held, and the count below which a device is asked for more.
    public static let prekeysPerUpload = 100
    public static let prekeysHeld = 500
    public static let prekeysLow = 25
    /// Characters of a password, a device's name, a token's name.
    public static let password = 8...256
    public static let nameLength = 1...64
    /// Lives of an access token, a refresh token's family, a challenge, and the longest of an API token.
    public static let accessLife = Duration.minutes(15)
    public static let sessionLife = Duration.days(90)
    public static let challengeLife = Duration.minutes(5)
    public static let tokenLife = Duration.days(400)
    /// How long after signing in with the password a session may change the account.
    public static let freshness = Duration.minutes(10)
    /// API tokens and sessions an account may hold.
    public static let tokensPerAccount = 100
    public static let sessionsPerAccount = 100
}
