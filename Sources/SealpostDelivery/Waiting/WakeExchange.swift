import Logging
import SealpostStore

/// What this node has to do with the other nodes on its database: it tells them of its commits, wakes its polls when
/// they tell of theirs, and re-checks all its polls for what nobody told.
///
/// The re-check goes on while the channel is up: a node may die between its commit and telling of it, and then the
/// channel of no other node is ever down.
final class WakeExchange: Sendable {
    private let channel: any WakeChannel
    private let store: any MailStore
    private let waiters: Waiters
    private let interval: Duration
    private let onAccountChanged: @Sendable (AccountID) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - interval: between two re-checks.
    ///   - onAccountChanged: told of accounts that other nodes changed, before their polls look again.
    init(
        channel: any WakeChannel, store: any MailStore, waiters: Waiters, interval: Duration,
        onAccountChanged: @escaping @Sendable (AccountID) -> Void, logger: Logger
    ) {
        self.channel = channel
        self.store = store
        self.waiters = waiters
        self.interval = interval
        self.onAccountChanged = onAccountChanged
        self.logger = logger
    }

    func publish(_ wakes: [RemoteWake]) {
        if !wakes.isEmpty { channel.publish(wakes) }
    }

    /// Hears, tells and re-checks until cancelled.
    func run() async {
        // One that is due while another is under way comes after it, since it may be about later commits.
        let (due, isDue) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.channel.run { event in
                    if case .connected = event { isDue.yield() }
                    self.handle(event)
                }
            }
            group.addTask {
                while (try? await Task.sleep(for: self.interval)) != nil { isDue.yield() }
            }
            group.addTask {
                for await _ in due { await self.recheck() }
            }
        }
    }

    private func handle(_ event: WakeEvent) {
        switch event {
        case .woken(let wakes):
            for wake in wakes {
                switch wake {
                case .mailbox(let key):
                    waiters.wake(.mailbox(key), .changed)
                case .account(let id):
                    onAccountChanged(id)
                    waiters.wakeAll(of: id)
                }
            }
        case .connected:
            logger.info("The wake channel is up")
        case .disconnected(let cause):
            logger.warning("The wake channel is down", metadata: ["error": "\(cause)"])
        }
    }

    /// Makes every poll look again for which there is news. It misses none that was committed before it began: the
    /// open mailboxes are listed first, so a poll that is not among them registers, and reads, later (P6).
    private func recheck() async {
        var rest = waiters.openMailboxes[...]
        while !rest.isEmpty {
            let asked = rest.prefix(MailboxHead.limit)
            rest = rest.dropFirst(asked.count)
            do throws(StoreError) {
                let heads = try await store.heads(of: Array(asked))
                for mailbox in asked { waiters.recheck(mailbox, heads[mailbox]) }
            } catch {
                if Task.isCancelled { return }
                logger.warning(
                    "Parked polls could not be re-checked",
                    metadata: ["error": "\(error)", "mailboxes": "\(asked.count)"])
                // What is corrupt may concern one mailbox; a store that cannot be reached is asked next time.
                guard case .corrupt = error else { return }
            }
        }
    }
}
