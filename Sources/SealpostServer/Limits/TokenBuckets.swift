import SealpostCore

/// How often something may be done: `burst` times at once, and once more every `interval`.
package struct Rate: Sendable, Hashable {
    package var burst: Int
    package var perHour: Int

    /// - Parameter perHour: 0 means that there is no limit.
    package init(burst: Int, perHour: Int) {
        self.burst = burst
        self.perHour = perHour
    }

    package var isUnlimited: Bool { perHour == 0 }
    /// Milliseconds until one more is allowed.
    var interval: Int64 { 3_600_000 / Int64(max(1, perHour)) }
    /// Milliseconds of credit that a full bucket holds beyond the first.
    var slack: Int64 { interval * Int64(max(0, burst - 1)) }
}

/// Token buckets by key, as the time at which each will be full again (the generic cell rate algorithm): one number a
/// key, no timers. Bounded; what is full again is dropped first, then what is nearest to it.
package struct TokenBuckets<Key: Hashable & Sendable>: Sendable {
    package let rate: Rate
    private let maximum: Int
    private var full: [Key: Int64] = [:]

    package init(rate: Rate, maximumKeys: Int = 100_000) {
        self.rate = rate
        maximum = max(1, maximumKeys)
    }

    package var count: Int { full.count }

    /// Takes a token. Nil if there was one, else how long to wait for the next.
    package mutating func take(_ key: Key, at now: Timestamp) -> Duration? {
        guard !rate.isUnlimited else { return nil }
        let fullAt = max(full[key] ?? 0, now.milliseconds)
        let excess = fullAt - now.milliseconds - rate.slack
        guard excess <= 0 else { return .milliseconds(excess) }
        makeRoom(for: key, now)
        full[key] = fullAt + rate.interval
        return nil
    }

    /// Puts a token back that was taken for something that did not count.
    package mutating func giveBack(_ key: Key, at now: Timestamp) {
        guard let fullAt = full[key] else { return }
        full[key] = fullAt - rate.interval > now.milliseconds ? fullAt - rate.interval : nil
    }

    /// How many tokens are left.
    package func remaining(_ key: Key, at now: Timestamp) -> Int {
        let debt = max(0, (full[key] ?? 0) - now.milliseconds)
        return max(0, rate.burst - Int((debt + rate.interval - 1) / rate.interval))
    }

    private mutating func makeRoom(for key: Key, _ now: Timestamp) {
        guard full.count >= maximum, full[key] == nil else { return }
        full = full.filter { $0.value > now.milliseconds }
        guard full.count >= maximum else { return }
        // A quarter at once, so that sorting is paid for by many calls; those who are limited hardest stay.
        let leaving = full.sorted { $0.value < $1.value }.prefix(max(1, maximum / 4))
        for entry in leaving {
            full[entry.key] = nil
        }
    }
}
