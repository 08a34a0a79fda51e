import Synchronization

/// When something happened, noted by the one task that does it.
final class Moment: Sendable {
    private let noted = Mutex(ContinuousClock.now)

    func note() { noted.withLock { $0 = .now } }

    var time: ContinuousClock.Instant { noted.withLock { $0 } }
}
