import SealpostCore
import SealpostStore

extension PostgresStore {
    package func deposit(_ deposits: [Deposit]) async throws(StoreError) -> [DepositOutcome] {
        let prepared = deposits.map(PreparedDeposit.init)
        let result = try await writeBatch { transaction in try transaction.deposit(prepared) }
        if !result.swept.isEmpty { sweptElsewhere.withLock { $0.formUnion(result.swept) } }
        return result.outcomes
    }

    package func fetch(_ fetches: [Fetch]) async throws(StoreError) -> [FetchOutcome] {
        var pass = try await read { try $0.fetch(fetches) }
        if !pass.due.isEmpty {
            do throws(StoreError) {
                for mailbox in pass.due.sorted() { try await sweep(mailbox) }
            } catch {
                // What is over is told all the same: a disk that is full now keeps nobody from their mail.
                guard case .unavailable = error else { throw error }
            }
            pass = try await read { try $0.fetch(fetches) }
        }
        let stale = pass.stale
        if !stale.isEmpty {
            // The mail was read; a disk that is full now keeps nobody from it.
            try? await write(skipsLocked: true) { try $0.noteFetch(of: stale) }
        }
        return pass.outcomes
    }

    /// Sweeps one mailbox, in transactions that keep its lock from others for a moment only.
    private func sweep(_ mailbox: MailboxKey) async throws(StoreError) {
        var swept: Int
        repeat {
            swept = try await write { try $0.sweep(mailbox, limit: Self.sweepStep) }
            if swept > 0 { sweptElsewhere.withLock { _ = $0.insert(mailbox) } }
        } while swept == Self.sweepStep
    }

    package func heads(of mailboxes: [MailboxKey]) async throws(StoreError) -> [MailboxKey: MailboxHead] {
        try await read { try $0.heads(of: mailboxes) }
    }

    package func acknowledge(_ acks: [Ack]) async throws(StoreError) -> [AckOutcome] {
        try await writeBatch { try $0.acknowledge(acks) }
    }

    package func withdraw(_ withdrawal: Withdrawal) async throws(StoreError) -> MailboxKey? {
        try await write { try $0.withdraw(withdrawal) }
    }

    package func envelope(_ seq: Sequence, in mailbox: MailboxKey) async throws(StoreError) -> Envelope? {
        try await read { try $0.envelope(seq, in: mailbox) }
    }

    package func sweep(limit: Int) async throws(StoreError) -> SweepReport {
        try await compareClocks()
        var report = try await write { try $0.sweepEnvelopes(limit: limit) }
        let perishable = try await write { try $0.sweepPerishable(limit: limit) }
        report.removed += perishable.removed
        report.more = report.more || perishable.more
        report.expired.formUnion(
            sweptElsewhere.withLock { swept in
                defer { swept = [] }
                return swept
            })
        return report
    }
}
