import SealpostCore
import SodiumKit

/// What the client takes from outside: time, randomness for ids and jitter, and the hook for crash tests.
public struct ClientEnvironment: Sendable {
    /// The clock on the wall.
    public var now: @Sendable () -> Timestamp
    /// Waits; throws `CancellationError` when the task is cancelled.
    public var sleep: @Sendable (Duration) async throws -> Void
    /// So many random bytes. Keys and nonces never come from here.
    public var random: @Sendable (Int) -> [UInt8]
    /// Called at each commit point, a testing aid; does nothing by default.
    public var reached: @Sendable (CommitPoint) -> Void

    public init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable (Int) -> [UInt8], reached: @escaping @Sendable (CommitPoint) -> Void = { _ in }
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
        self.reached = reached
    }

    /// The system's clock and randomness.
    public static let system = ClientEnvironment(
        now: { .now }, sleep: { try await Task.sleep(for: $0) }, random: { Random.bytes($0) })
}

extension ClientEnvironment {
    func newID() -> EnvelopeID { EnvelopeID(random: random(16)) }

    /// A factor between 0.8 and 1.2.
    func jitter() -> Double {
        let bytes = random(2)
        return 0.8 + 0.4 * Double(UInt16(bytes[0]) << 8 | UInt16(bytes[1])) / 65_535
    }
}
