import SealpostStore

/// Why a parked poll goes on.
package indirect enum WakeReason: Sendable, Hashable {
    /// These were just committed, the first exactly behind the poll's cursor: no need to read the store.
    case delivered([Envelope], MailboxState)
    /// Something changed: read the store.
    case look
    case timedOut
    /// A newer poll on the same stream took the place.
    case superseded
    /// The bearer's session, token, device or account is gone.
    case revoked
    /// The node stops.
    case draining
    /// The poll's own task was cancelled: nobody waits for the answer.
    case cancelled
}

/// What a commit tells the polls parked on a stream.
package enum Wake: Sendable, Hashable {
    /// Consecutive new envelopes, and the mailbox after the last of them.
    case committed([Envelope], MailboxState)
    /// Anything else: a tombstone, another device list, a new pending device.
    case changed
}
