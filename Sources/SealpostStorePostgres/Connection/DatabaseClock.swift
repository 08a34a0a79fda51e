import PostgresKit
import SealpostCore
import Synchronization

/// The database's time, which is the same for all nodes: this machine's, corrected by what it differed when it was last
/// compared. So no transaction has to ask for it.
final class DatabaseClock: Sendable {
    /// A comparison that took longer says too little.
    private static let tolerance = Duration.milliseconds(250)

    private let difference = Mutex<Int64>(0)

    var now: Timestamp { Timestamp(milliseconds: Timestamp.now.milliseconds + difference.withLock { $0 }) }

    /// Takes the database's time, asked for in between.
    func compare(_ ask: () throws -> Timestamp) rethrows {
        let begin = ContinuousClock.now
        let answer = try ask()
        let duration = ContinuousClock.now - begin
        guard duration < Self.tolerance else { return }
        let middle = Timestamp.now.milliseconds - duration.milliseconds / 2
        difference.withLock { $0 = answer.milliseconds - middle }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
