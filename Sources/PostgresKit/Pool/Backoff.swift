/// How long to wait between attempts to connect: doubling from 50 ms to a second, each by a random part shorter, so
/// that the nodes of a database that comes back do not come all at once.
struct Backoff {
    private static let first = Duration.milliseconds(50)
    private static let last = Duration.seconds(1)

    private var failures = 0

    mutating func reset() { failures = 0 }

    /// The wait after one more failure.
    mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
        let whole = min(Self.first * (1 << min(failures, 10)), Self.last)
        failures += 1
        return whole * Double.random(in: 0.5...1, using: &random)
    }
}
