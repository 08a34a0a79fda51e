import SealpostCore

/// The time that tokens, challenges and rate limits go by; tests turn it by hand.
package struct ServerClock: Sendable {
    package let now: @Sendable () -> Timestamp
    /// The same for a store that has a clock of its own, which it is to go by if this is nil.
    let turned: (@Sendable () -> Timestamp)?

    /// A clock that is turned by hand.
    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
        turned = now
    }

    private init() {
        now = { Timestamp.now }
        turned = nil
    }

    package static let system = ServerClock()
}
