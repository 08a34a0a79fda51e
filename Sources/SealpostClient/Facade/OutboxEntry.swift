import SealpostCore

/// A message on its way out.
public struct OutboxEntry: Hashable, Sendable, Codable {
    public enum State: Hashable, Sendable, Codable {
        /// Waits for its turn, its time or the network.
        case queued
        /// Encrypted; exactly these ciphertexts are deposited, however often it is tried.
        case encrypted
        /// Given up: after 6 days, or because trying again cannot help.
        case failed(reason: String)
    }

    public var number: Int64
    /// The id inside the message, the one that receipts name.
    public var id: String
    public var recipient: Handle
    /// What is sent; absent for what the client sends by itself (receipts of devices, requests to send again).
    public var content: OutgoingContent?
    public var created: Timestamp
    /// Not sent before.
    public var due: Timestamp
    public var state: State
    /// How often it was tried, when next, and why the last try failed.
    public var attempts: Int
    public var nextAttempt: Timestamp?
    public var lastError: String?
}

/// What a pass over the outbox did.
public struct OutboxReport: Hashable, Sendable, Codable {
    /// Entries that are stored on the server for every device now.
    public var deposited: [Int64] = []
    /// Entries that were given up in this pass.
    public var failed: [Int64] = []
    /// Entries that are left.
    public var waiting: Int = 0
    /// When the next of them is to be tried.
    public var nextAttempt: Timestamp?
    /// Why the first of them that was tried is still there.
    public var lastError: String?

    public init() {}

    /// Adds a later pass.
    mutating func add(_ later: OutboxReport) {
        deposited += later.deposited
        failed += later.failed
        waiting = later.waiting
        nextAttempt = later.nextAttempt
        lastError = later.lastError ?? lastError
    }
}
