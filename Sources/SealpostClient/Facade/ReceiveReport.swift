import SealpostCore

/// What one round of receiving did.
public struct ReceiveReport: Hashable, Sendable {
    /// Messages that the handler took.
    public var handled = 0
    /// Envelopes that were stored on this device.
    public var stored = 0
    /// Envelopes that wait here until their sender's device list is known.
    public var held = 0
    /// Whether the server has more right now.
    public var more = false
    /// The device is not listed yet: there was nothing to receive.
    public var isPending = false
    /// What was sent meanwhile: messages that were due, and what the client sends by itself.
    public var outbox = OutboxReport()
    /// Wait so long before the next round, because the server asks for it.
    public var retryAfter: Duration?

    public init() {}
}
