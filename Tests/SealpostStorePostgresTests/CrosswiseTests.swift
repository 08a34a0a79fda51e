import PostgresKit
import SealpostCore
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostStorePostgres

/// Two nodes on one database that do everything to the same mailboxes at once.
@Suite struct CrosswiseTests {
    private static let rounds = 40

    @Test func `two nodes that write crosswise keep every promise`() async throws {
        let place = try StorePlace()
        let one = try await place.store()
        try await one.migrate()
        let two = try await place.store()
        let fixture = StoreFixture(.postgres, at: place, store: one)
        let alice = try await fixture.person("alice")
        var bob = try await fixture.person("bob", devices: 2)
        let carol = try await fixture.person("carol")
        try await fixture.addDevice(to: &bob)
        let record = Record()
        let changes = try listChanges(of: bob, rounds: Self.rounds)
        record.list(version: bob.list?.version ?? 0, names: [1, 2])
        for (change, names) in changes { record.list(version: change.list.version, names: names) }

        try await withThrowingTaskGroup(of: Void.self) { group in
            let writing = Writing(writers: 4)
            for writer in 0..<4 {
                group.addTask { [bob] in
                    for round in 0..<Self.rounds {
                        try await self.deposit(
                            fixture, [one, two], from: alice, to: [bob, carol], seed: writer * 1_000 + round, record)
                    }
                    writing.end()
                }
            }
            group.addTask { [bob] in
                for (change, _) in changes {
                    let outcome = try await two.changeDeviceList(change, of: bob.id)
                    #expect(outcome == .stored)
                }
            }
            for (index, store) in [one, two, one].enumerated() {
                let mailbox = try index < 2 ? bob.mailbox(UInt32(index + 1)) : carol.mailbox(1)
                group.addTask {
                    try await self.read(mailbox, on: store, acknowledgingOn: index == 1 ? one : two, writing, record)
                }
            }
            for store in [one, two] {
                group.addTask {
                    while !writing.isOver {
                        place.clock.advance(by: .milliseconds(500))
                        _ = try await store.sweep(limit: 20)
                    }
                }
            }
            // The first that fails ends them all.
            while try await group.next() != nil {}
        }

        try await record.check(mailboxes: [bob.mailbox(1), bob.mailbox(2), carol.mailbox(1)], one)
        try await one.expectTrueCounters()
        let deadlocks = try await one.read {
            try $0.row("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")?.count(0)
        }
        #expect(deadlocks == 0)
        await one.close()
        await two.close()
    }

    /// Lists that name the third device, and then not again, in turn.
    private func listChanges(of bob: Person, rounds: Int) throws -> [(DeviceListChange, Set<UInt32>)] {
        var person = bob
        return try (0..<rounds).map { round in
            let names: [UInt32] = round.isMultiple(of: 2) ? [1, 2, 3] : [1, 2]
            let change = try Sample.listChange(naming: names, of: person)
            person.list = change.list
            return (change, Set(names))
        }
    }

    /// One batch: to bob strictly, the same deposit through both nodes at once, and to carol, whose mail is soon over.
    private func deposit(
        _ fixture: StoreFixture, _ nodes: [PostgresStore], from alice: Person, to people: [Person], seed: Int,
        _ record: Record
    ) async throws {
        let devices: [UInt32] = seed.isMultiple(of: 2) ? [1, 2] : [1, 2, 3]
        let strict = try fixture.letter(from: alice, to: people[0], devices: devices)
        let brief = try fixture.letter(from: alice, to: people[1], ttl: .seconds(10))
        let batches = [[strict, brief], [brief, strict]]
        let outcomes = try await withThrowingTaskGroup(of: [EnvelopeID: DepositOutcome].self) { group in
            for (node, batch) in zip(nodes, batches) {
                group.addTask {
                    let outcomes = try await node.deposit(batch)
                    return Dictionary(uniqueKeysWithValues: zip(batch.map(\.id), outcomes))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for letter in [strict, brief] { record.note(letter, outcomes.compactMap { $0[letter.id] }) }
    }

    /// Reads on, acknowledging what it has, until all is written and read.
    private func read(
        _ mailbox: MailboxKey, on node: PostgresStore, acknowledgingOn other: PostgresStore, _ writing: Writing,
        _ record: Record
    ) async throws {
        var cursor = Sequence.start
        while true {
            let isLast = writing.isOver
            let outcome = try await node.fetch([Fetch(mailbox: mailbox, after: cursor, limit: 7)])[0]
            guard case .page(let page) = outcome else { throw FixtureFailure("\(outcome)") }
            record.read(mailbox, page.items)
            cursor = page.cursor
            if !page.items.isEmpty {
                let acked = try await other.acknowledge([Ack(mailbox: mailbox, extent: .through(cursor))])[0]
                guard case .acked = acked else { throw FixtureFailure("\(acked)") }
            } else if isLast {
                return
            }
        }
    }
}

/// Whether somebody still writes.
private final class Writing: Sendable {
    private let writers: Atomic<Int>

    init(writers: Int) { self.writers = Atomic(writers) }

    func end() { writers.subtract(1, ordering: .acquiringAndReleasing) }

    var isOver: Bool { writers.load(ordering: .acquiring) == 0 }
}

/// What was answered and what was read.
private final class Record: Sendable {
    private struct State {
        var lists: [UInt64: Set<UInt32>] = [:]
        /// By mailbox and seq the id that was answered.
        var stored: [MailboxKey: [Int64: EnvelopeID]] = [:]
        /// By seq in bob's first mailbox the version of the list that the deposit saw.
        var versions: [Int64: UInt64] = [:]
        var read: [MailboxKey: [MailboxItem]] = [:]
    }

    private let state = Mutex(State())

    func list(version: UInt64, names: Set<UInt32>) { state.withLock { $0.lists[version] = names } }

    func read(_ mailbox: MailboxKey, _ items: [MailboxItem]) {
        state.withLock { $0.read[mailbox, default: []] += items }
    }

    func note(_ letter: Deposit, _ outcomes: [DepositOutcome]) {
        #expect(outcomes.count == 2)
        var receipts: [DepositReceipt] = []
        for outcome in outcomes {
            switch outcome {
            case .accepted(let receipt): receipts.append(receipt)
            case .deviceMismatch: break
            default: Issue.record("\(outcome)")
            }
        }
        let fresh = receipts.filter(\.new)
        guard !receipts.isEmpty else { return }
        // Stored once; the other node knew it, or saw another list.
        #expect(fresh.count == 1)
        guard let receipt = fresh.first else { return }
        state.withLock { state in
            for other in receipts { #expect(other.items.map(\.outcome) == receipt.items.map(\.outcome)) }
            for item in receipt.items {
                guard case .stored(let seq, _) = item.outcome else { continue }
                let key = MailboxKey(account: receipt.recipient, device: item.device)
                #expect(state.stored[key]?[seq.value] == nil, "\(seq) was given twice")
                state.stored[key, default: [:]][seq.value] = letter.id
            }
            guard letter.envelopes.count > 1, let account = receipt.items.first?.state?.account,
                let version = account.listVersion, let seq = receipt.seq(1)
            else { return }
            state.versions[seq] = version
            let listed = state.lists[version] ?? []
            #expect(Set(letter.envelopes.map(\.device.value)).isSuperset(of: listed), "a listed device was left out")
        }
    }

    func check(mailboxes: [MailboxKey], _ store: PostgresStore) async throws {
        let heads = try await store.heads(of: mailboxes)
        state.withLock { state in
            for mailbox in mailboxes {
                let head = heads[mailbox]?.head.value ?? 0
                #expect(head > 10)
                #expect(Set(state.stored[mailbox]?.keys.map { $0 } ?? []) == Set(1...max(1, head)))
                var next: Int64 = 1
                for item in state.read[mailbox] ?? [] {
                    switch item {
                    case .envelope(let envelope):
                        #expect(envelope.seq.value >= next, "seen after \(next)")
                        #expect(envelope.id == state.stored[mailbox]?[envelope.seq.value])
                        #expect(envelope.seq.value == next, "a hole before \(envelope.seq) in \(mailbox)")
                    case .tombstone(let tombstone):
                        #expect(tombstone.from.value <= next, "a hole before \(tombstone) in \(mailbox)")
                    }
                    next = item.end.value + 1
                }
                #expect(next == head + 1, "the reader of \(mailbox) did not come to the end")
            }
            let versions = state.versions.sorted { $0.key < $1.key }.map(\.value)
            #expect(versions == versions.sorted(), "a deposit saw an older list than one before it")
            #expect(Set(versions).count > 2)
        }
    }
}
