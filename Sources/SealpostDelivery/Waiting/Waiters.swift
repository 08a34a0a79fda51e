import SealpostCore
import SealpostStore
import Synchronization

/// The polls that wait at this node, by stream: locks, asks the state machine, unlocks, and only then resumes.
///
/// A parked poll holds a continuation and some hundred bytes here: no thread, no database connection, no timer of its
/// own (P7).
package final class Waiters: Sendable {
    /// How finely deadlines are told apart: a poll may wait this much longer than it asked.
    package static let tick = Duration.milliseconds(100)

    private typealias Parked = CheckedContinuation<WakeReason, Never>

    private final class Shard: Sendable {
        let state = Mutex(WaiterShard<Parked>())
    }

    /// A place in the queue between registering and parking.
    package struct Ticket: Sendable {
        fileprivate let id: WaiterID
        fileprivate let shard: Int
    }

    private let shards: [Shard]
    private let lastID = Atomic<UInt64>(0)
    private let start: ContinuousClock.Instant

    package init(shards: Int = 16) {
        self.shards = (0..<shards).map { _ in Shard() }
        start = ContinuousClock.now
    }

    /// Polls that are registered or parked.
    package var count: Int {
        shards.reduce(0) { $0 + $1.state.withLock(\.count) }
    }

    package var parkedCount: Int {
        shards.reduce(0) { $0 + $1.state.withLock(\.parkedCount) }
    }

    /// Announces a poll, before it looks into the store. Followed by `park` or `forget`.
    package func register(on stream: StreamKey, by bearer: Bearer) -> Ticket {
        let id = WaiterID(lastID.add(1, ordering: .relaxed).newValue)
        let shard = shardIndex(of: stream.account)
        shards[shard].state.withLock { $0.register(id, on: stream, by: bearer) }
        return Ticket(id: id, shard: shard)
    }

    package func forget(_ ticket: Ticket) {
        shards[ticket.shard].state.withLock { $0.forget(ticket.id) }
    }

    /// Waits until something happens to the stream or the poll, or its task is cancelled, or its client leaves.
    package func park(
        _ ticket: Ticket, at standing: Standing, until deadline: ContinuousClock.Instant,
        presence: (any Presence)? = nil
    ) async -> WakeReason {
        let shard = shards[ticket.shard]
        let tick = Int(((deadline - start) / Self.tick).rounded(.up))
        let cancel = { @Sendable in
            let resumption = shard.state.withLock { $0.cancel(ticket.id) }
            resumption.map { Self.resume([$0]) }
        }
        // Before the lock, in which it is asked whether the client has left: later than that it finds the poll parked.
        presence?.watch(cancel)
        defer { presence?.watch(nil) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Parked) in
                let resumptions = shard.state.withLock {
                    $0.park(
                        ticket.id, at: standing, deadline: tick,
                        isCancelled: Task.isCancelled || presence?.hasLeft == true, continuation)
                }
                Self.resume(resumptions)
            }
        } onCancel: {
            cancel()
        }
    }

    package func wake(_ stream: StreamKey, _ wake: Wake) {
        change(shards[shardIndex(of: stream.account)]) { $0.wake(stream, wake) }
    }

    /// Makes every poll of the account look again.
    package func wakeAll(of account: AccountID) {
        change(shards[shardIndex(of: account)]) { $0.wakeAll(of: account) }
    }

    /// Mailboxes on which polls are registered or parked, each once.
    package var openMailboxes: [MailboxKey] {
        shards.flatMap { shard in
            shard.state.withLock { state in
                state.openStreams.map { stream in
                    switch stream {
                    case .mailbox(let key): key
                    }
                }
            }
        }
    }

    /// Tells the polls of a mailbox how far it is by now; nil if its device is gone.
    package func recheck(_ mailbox: MailboxKey, _ head: MailboxHead?) {
        change(shards[shardIndex(of: mailbox.account)]) { $0.recheck(.mailbox(mailbox), head) }
    }

    /// Ends the polls of revoked bearers.
    package func release(where isRevoked: @Sendable (Bearer) -> Bool) {
        for shard in shards {
            change(shard) { $0.release(where: isRevoked) }
        }
    }

    /// Ends every poll; from now on none parks.
    package func drain() {
        for shard in shards {
            change(shard) { $0.drain() }
        }
    }

    /// Ends polls whose time is over, until cancelled.
    package func run() async throws {
        while true {
            try await Task.sleep(for: Self.tick)
            let tick = Int((ContinuousClock.now - start) / Self.tick)
            for shard in shards {
                change(shard) { $0.expire(through: tick) }
            }
        }
    }

    private func change(_ shard: Shard, _ body: (inout WaiterShard<Parked>) -> [WaiterShard<Parked>.Resumption]) {
        let resumptions = shard.state.withLock { state in body(&state) }
        Self.resume(resumptions)
    }

    private static func resume(_ resumptions: [WaiterShard<Parked>.Resumption]) {
        for resumption in resumptions {
            resumption.continuation.resume(returning: resumption.reason)
        }
    }

    private func shardIndex(of account: AccountID) -> Int {
        Int(truncatingIfNeeded: UInt64(bitPattern: account.value) % UInt64(shards.count))
    }
}
