import SealpostCore

/// When the next opening number is due: before the first use of a key in this process, and again after 100 sends or
/// 10 minutes.
actor OpeningGuard {
    static let sends = 100
    static let life = Duration.minutes(10)

    private let lock = AsyncLock()
    private var taken: Timestamp?
    private var sent = 0

    /// Notes that a message was encrypted.
    func countSend() { sent += 1 }

    private func isDue(_ now: Timestamp) -> Bool {
        guard let taken else { return true }
        // A clock that went back is no reason to trust the last opening for longer.
        return sent >= Self.sends || now >= taken + Self.life || now < taken
    }

    private func noteTaken(_ now: Timestamp) {
        taken = now
        sent = 0
    }

    /// Runs `take` if an opening is due, and remembers that it was taken.
    nonisolated func ensure(
        now: @escaping @Sendable () -> Timestamp, _ take: @escaping @Sendable () async throws(ClientError) -> Void
    ) async throws(ClientError) {
        try await lock.withLock { () throws(ClientError) in
            guard await self.isDue(now()) else { return }
            try await take()
            await self.noteTaken(now())
        }
    }
}
