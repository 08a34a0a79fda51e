import SealpostStore

/// What a poll got.
package struct PollOutcome: Sendable {
    package var fetch: FetchOutcome
    /// Why it ended, if not because there was something to tell.
    package var end: End?

    package enum End: Sendable, Hashable {
        case timedOut
        /// A newer poll took its place.
        case superseded
        case revoked
        /// The node stops: the answer closes the connection.
        case draining
        /// Nobody waits for the answer any more.
        case cancelled
    }
}
