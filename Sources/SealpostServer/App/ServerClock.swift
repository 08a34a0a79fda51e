import SealpostCore

/// The time that tokens, challenges and rate limits go by; tests turn it by hand.
package struct ServerClock: Sendable {
    package let now: @Sendable () -> Timestamp

    package init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }

    package static let system = ServerClock { Timestamp.now }
}
