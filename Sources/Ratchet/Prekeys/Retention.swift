/// How long private halves are kept after they were replaced or used up (e2ee.md, "Rotation"): as long as mail that
/// needs them can still come.
package enum Retention {
    static let day: UInt64 = 86_400
    /// Signed, last-resort and sealing keys are replaced weekly.
    package static let rotation = 7 * day
    /// Kept so long after replacement…
    package static let replacedLife = 45 * day
    /// …and until a poll was drained so long after it.
    package static let drainAfter = 14 * day
    /// One-time halves are kept so long after it was noticed that the server no longer holds them.
    package static let missingLife = 45 * day

    /// What is known about a long-lived key that was replaced. Times in seconds since 1970.
    package struct Replaced: Sendable, Equatable {
        package let at: UInt64
        /// Whether a poll was drained at least 14 days after the replacement.
        package internal(set) var isDrained = false

        package init(at: UInt64) { self.at = at }

        init(at: UInt64, isDrained: Bool) {
            self.at = at
            self.isDrained = isDrained
        }

        package mutating func noteDrainedPoll(at time: UInt64) {
            if time >= Retention.drainAfter, time - Retention.drainAfter >= at { isDrained = true }
        }

        /// Whether the private half may go.
        package func mayGo(at time: UInt64) -> Bool {
            isDrained && Retention.passed(Retention.replacedLife, since: at, at: time)
        }
    }

    /// Whether a one-time half that has been missing on the server since a time may go.
    package static func mayGo(missingSince time: UInt64, at now: UInt64) -> Bool {
        passed(missingLife, since: time, at: now)
    }

    /// Whether so many seconds have passed; false when the clock went back.
    static func passed(_ life: UInt64, since start: UInt64, at now: UInt64) -> Bool {
        now >= start && now - start >= life
    }
}
