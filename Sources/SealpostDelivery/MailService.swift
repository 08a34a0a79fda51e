import Logging
import SealpostCore
import SealpostStore
import ServiceLifecycle

/// Deposits, claims, acknowledgements and polls: batches what goes to the store, and wakes who waits.
package final class MailService: Service {
    package let store: any MailStore
    package let revocations: RevocationTable
    private let waiters = Waiters()
    /// The other nodes; nil if there are none.
    private let exchange: WakeExchange?
    private let upkeep: Upkeep
    private let logger: Logger
    private let deposits: Batcher<Deposit, DepositOutcome>
    private let claims: Batcher<Claim, ClaimOutcome>
    private let acks: Batcher<Ack, AckOutcome>
    private let fetches: Batcher<Fetch, FetchOutcome>

    /// - Parameters:
    ///   - wakes: to and from the other nodes on the store; nil for a store that only this node has.
    ///   - onAccountChanged: called when another node changed an account, so that nothing else that is remembered of it
    ///     outlives the change.
    package init(
        store: any MailStore, revocations: RevocationTable = RevocationTable(), wakes: (any WakeChannel)? = nil,
        onAccountChanged: @escaping @Sendable (AccountID) -> Void = { _ in }, lanes: Lanes = Lanes(),
        upkeep: Upkeep = Upkeep(), logger: Logger
    ) {
        self.store = store
        self.revocations = revocations
        self.upkeep = upkeep
        self.logger = logger
        let waiters = self.waiters
        let exchange = wakes.map { channel in
            WakeExchange(
                channel: channel, store: store, waiters: waiters, interval: upkeep.recheckInterval,
                onAccountChanged: onAccountChanged, logger: logger)
        }
        self.exchange = exchange
        deposits = Batcher(
            lanes: lanes.deposits, key: { $0.recipient.hashValue }, limit: 256, maximumWeight: 8 * 1024 * 1024,
            weight: { $0.envelopes.reduce(0) { $0 + $1.content.count } },
            perform: { deposits throws(StoreError) in
                let outcomes = try await store.deposit(deposits)
                let fresh = Self.wakes(deposits, outcomes)
                exchange?.publish(fresh.keys.map(RemoteWake.mailbox))
                for (mailbox, wake) in fresh {
                    waiters.wake(.mailbox(mailbox), wake)
                }
                return outcomes
            })
        claims = Batcher(
            lanes: lanes.claims, key: { $0.target.hashValue }, limit: 64,
            perform: { claims throws(StoreError) in try await store.claim(claims) })
        acks = Batcher(
            lanes: lanes.acks, key: { $0.mailbox.account.hashValue }, limit: 256,
            maximumWeight: 4 * Limits.mailboxEnvelopes,
            weight: { if case .seqs(let seqs) = $0.extent { seqs.count } else { 1 } },
            perform: { acks throws(StoreError) in try await store.acknowledge(acks) })
        fetches = Batcher(
            lanes: lanes.fetches, key: { $0.mailbox.account.hashValue }, limit: 64,
            perform: { fetches throws(StoreError) in try await store.fetch(fetches) })
    }

    /// Polls that wait at this node for something to happen.
    package var parkedPolls: Int { waiters.parkedCount }
    /// Polls under way at this node: those that wait, and those that are about to, or look into the store.
    package var openPolls: Int { waiters.count }
    /// Deposits that wait for the transaction after the one under way.
    package var queuedDeposits: Int { deposits.queued }

    // MARK: Calls

    package func deposit(_ deposit: Deposit) async throws(StoreError) -> DepositOutcome {
        try await deposits.submit(deposit)
    }

    package func claim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome {
        try await claims.submit(claim)
    }

    package func acknowledge(_ ack: Ack) async throws(StoreError) -> AckOutcome {
        try await acks.submit(ack)
    }

    package func withdraw(_ withdrawal: Withdrawal) async throws(StoreError) {
        if let mailbox = try await store.withdraw(withdrawal) {
            changed([mailbox])
        }
    }

    /// Fetches what follows the cursor, and waits for it if there is nothing: for an item, or a change of the account.
    ///
    /// - Parameters:
    ///   - wait: how long; zero answers at once.
    ///   - presence: ends the wait when the client leaves.
    package func poll(
        _ fetch: Fetch, wait: Duration, bearer: Bearer, presence: (any Presence)? = nil
    ) async throws(StoreError) -> PollOutcome {
        let deadline = ContinuousClock.now + wait
        var before: IdlePoll?
        while true {
            let ticket = waiters.register(on: .mailbox(fetch.mailbox), by: bearer)
            let outcome: FetchOutcome
            do throws(StoreError) {
                outcome = try await fetches.submit(fetch)
            } catch {
                waiters.forget(ticket)
                throw error
            }
            let idle: IdlePoll
            switch look(at: outcome, mayWait: wait > .zero, before: before, bearer: bearer) {
            case .waits(let poll): idle = poll
            case .ends(let outcome):
                waiters.forget(ticket)
                return outcome
            }
            let reason = await waiters.park(ticket, at: idle.standing, until: deadline, presence: presence)
            if let answer = idle.answer(to: reason, limit: fetch.limit) { return answer }
            before = idle
        }
    }

    private enum Look {
        case waits(IdlePoll)
        case ends(PollOutcome)
    }

    /// Whether a poll that got this waits, or what it is answered. Not inlined, as `IdlePoll.answer`: what is computed
    /// here would otherwise lie in the frame of `poll` for as long as it is parked.
    @inline(never)
    private func look(at outcome: FetchOutcome, mayWait: Bool, before: IdlePoll?, bearer: Bearer) -> Look {
        // Revoked before it registered, it was not there to be released.
        if revocations.check(bearer) == .revoked {
            return .ends(PollOutcome(fetch: outcome, end: .revoked))
        }
        guard mayWait, let idle = IdlePoll(outcome), before == nil || before?.account == idle.account else {
            return .ends(PollOutcome(fetch: outcome))
        }
        return .waits(idle)
    }

    // MARK: What else happens to waiting polls

    /// Makes the account's polls look again, also those at other nodes: its device list or its pending devices changed.
    package func accountChanged(_ account: AccountID) {
        exchange?.publish([.account(account)])
        waiters.wakeAll(of: account)
    }

    /// Makes the polls of mailboxes look again, also those at other nodes.
    private func changed(_ mailboxes: Set<MailboxKey>) {
        exchange?.publish(mailboxes.map(RemoteWake.mailbox))
        for mailbox in mailboxes {
            waiters.wake(.mailbox(mailbox), .changed)
        }
    }

    /// Reads the revocation log now, so that what this node just revoked ends at once.
    package func revocationsChanged() async throws(StoreError) {
        var page: [Revocation]
        repeat {
            page = try await store.revocations(after: revocations.lastNumber, limit: Self.revocationPage)
            revocations.apply(page)
            if !page.isEmpty {
                let subjects = Set(page.map(\.subject))
                waiters.release { bearer in bearer.subjects.contains(where: subjects.contains) }
            }
        } while page.count == Self.revocationPage
    }

    /// Answers every parked poll, empty; from now on none parks.
    package func drain() {
        waiters.drain()
    }

    // MARK: Service

    private static let revocationPage = 1000

    /// Runs until the graceful shutdown; then finishes what was handed in, and tells the other nodes of it.
    package func run() async throws {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.exchange?.run() }
            await finishGracefully()
            group.cancelAll()
        }
    }

    private func finishGracefully() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.deposits.run() }
            group.addTask { await self.claims.run() }
            group.addTask { await self.acks.run() }
            group.addTask { await self.fetches.run() }
            await cancelWhenGracefulShutdown {
                await withDiscardingTaskGroup { loops in
                    loops.addTask { try? await self.waiters.run() }
                    loops.addTask { await self.followRevocations() }
                    loops.addTask { await self.sweep() }
                }
            }
            deposits.close()
            claims.close()
            acks.close()
            fetches.close()
        }
    }

    private func followRevocations() async {
        while !Task.isCancelled {
            do throws(StoreError) {
                try await revocationsChanged()
            } catch {
                logger.warning("The revocation log could not be read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: upkeep.revocationInterval)
        }
    }

    private func sweep() async {
        while !Task.isCancelled {
            var more = false
            do throws(StoreError) {
                let report = try await store.sweep(limit: upkeep.sweepLimit)
                changed(report.expired)
                more = report.more
            } catch {
                logger.warning("The sweeper stopped early", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: more ? .milliseconds(20) : upkeep.sweepInterval)
        }
    }

    /// What a batch of deposits tells each mailbox: its new envelopes in order, and its state after the last.
    static func wakes(_ deposits: [Deposit], _ outcomes: [DepositOutcome]) -> [MailboxKey: Wake] {
        var fresh: [MailboxKey: (envelopes: [Envelope], state: MailboxState)] = [:]
        for (deposit, outcome) in zip(deposits, outcomes) {
            guard case .accepted(let receipt) = outcome, receipt.new else { continue }
            for item in receipt.items {
                guard case .stored(let seq, let expires) = item.outcome, let state = item.state,
                    let content = deposit.envelopes.first(where: { $0.device == item.device })?.content
                else { continue }
                let envelope = Envelope(
                    seq: seq, id: deposit.id, from: deposit.sender, received: receipt.received, expires: expires,
                    content: content)
                let key = MailboxKey(account: receipt.recipient, device: item.device)
                fresh[key, default: ([], state)].envelopes.append(envelope)
                fresh[key]?.state = state
            }
        }
        return fresh.mapValues { .committed($0.envelopes, $0.state) }
    }
}
