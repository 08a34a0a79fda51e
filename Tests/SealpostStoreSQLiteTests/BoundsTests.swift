import Dispatch
import FoundationEssentials
import GRDB
import SealpostCore
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostStoreSQLite

/// What keeps the writer's turns short and the files small.
@Suite struct BoundsTests {
    private func rows(_ store: SQLiteStore, of table: String) async throws -> Int? {
        try await store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }

    @Test func `a deleted account's mail is erased by sweeps, some at a time`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let store = try #require(fixture.store as? SQLiteStore)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob", devices: 2)
        let batch = try (0..<30).map { _ in try fixture.letter(from: alice, to: bob, devices: [1, 2]) }
        _ = try await store.deposit(batch)
        #expect(try await store.removeDevice(bob.mailbox(1)))
        #expect(try await rows(store, of: "envelope") == 60)
        #expect(try await store.deleteAccount(bob.id))
        #expect(try await rows(store, of: "envelope") == 60)
        // 60 envelopes, and the memory of 30 deposits for two devices each.
        for _ in 0..<12 {
            #expect(try await store.sweep(limit: 10) == SweepReport(expired: [], removed: 10, more: true))
        }
        #expect(try await store.sweep(limit: 10) == SweepReport(expired: [], removed: 0, more: false))
        for table in ["envelope", "deposit", "removal"] { #expect(try await rows(store, of: table) == 0) }
    }

    @Test func `a fetch of many mailboxes that are full of what is over sweeps them a little at a time`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let store = try #require(fixture.store as? SQLiteStore)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob", devices: 2)
        let each = 2 * SQLiteStore.sweepStep + 50
        _ = try await store.deposit(
            (0..<each).map { _ in try fixture.letter(from: alice, to: bob, devices: [1, 2], ttl: .seconds(10)) })
        fixture.clock.advance(by: .seconds(10))
        let commits = EnvelopeCommits()
        store.pool.add(transactionObserver: commits)
        let fetches = try [1, 2].map { Fetch(mailbox: try bob.mailbox($0), after: nil, limit: 10) }
        for outcome in try await store.fetch(fetches) {
            guard case .page(let page) = outcome else { throw FixtureFailure("\(outcome)") }
            #expect(page.outline == "expired 1-\(each)×\(each)")
            #expect(page.state.count == 0)
        }
        #expect(commits.deletions.reduce(0, +) == 2 * each)
        #expect(commits.deletions.max() == SQLiteStore.sweepStep)
    }

    @Test func `a log that a long reader let grow is cut by the sweep`() async throws {
        let place = try StorePlace()
        let clock = place.clock
        let isReading = Atomic(false)
        let reading = DispatchSemaphore(value: 0)
        let written = DispatchSemaphore(value: 0)
        let store = try SQLiteStore(
            path: place.folder.path(of: "sealpost.sqlite"), keyring: place.keyring, now: { clock.now },
            betweenReads: {
                // Twice in each fetch: the first time it waits, on a thread of the database's own.
                guard !isReading.exchange(true, ordering: .relaxed) else { return }
                reading.signal()
                written.wait()
            })
        try await store.migrate()
        let fixture = StoreFixture(.sqlite, at: place, store: store)
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob", devices: 2)
        try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))
        let log = place.folder.path(of: "sealpost.sqlite-wal")
        func size() throws -> Int {
            try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int ?? 0
        }
        try await withThrowingTaskGroup { group in
            group.addTask { _ = try await fixture.page(bob.mailbox(1)) }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    reading.wait()
                    continuation.resume()
                }
            }
            for _ in 0..<70 {
                var letter = try fixture.letter(from: alice, to: bob, devices: [1, 2])
                for index in 0...1 {
                    letter.envelopes[index].content = [UInt8](repeating: 1, count: Limits.envelopeBytes)
                }
                // Acknowledged at once, so that the mailboxes never fill.
                let receipt = try await fixture.send(letter)
                for device: UInt32 in 1...2 {
                    let seq = Sequence(try #require(receipt.seq(device)))
                    try await fixture.acknowledge(bob.mailbox(device), .seqs([seq]))
                }
            }
            #expect(try size() > SQLiteStore.logLimit)
            written.signal()
            try await group.waitForAll()
        }
        _ = try await store.sweep(limit: 1)
        #expect(try size() == 0)
        #expect(try await fixture.page(bob.mailbox(1)).outline == "1")
        await store.close()
    }
}

/// How many envelopes each commit deleted.
private final class EnvelopeCommits: TransactionObserver, Sendable {
    private let counts = Mutex((open: 0, committed: [Int]()))

    var deletions: [Int] { counts.withLock { $0.committed } }

    func observes(eventsOfKind kind: DatabaseEventKind) -> Bool {
        if case .delete(tableName: "envelope") = kind { true } else { false }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        counts.withLock { $0.open += 1 }
    }

    func databaseDidCommit(_ db: Database) {
        counts.withLock { counts in
            counts.committed.append(counts.open)
            counts.open = 0
        }
    }

    func databaseDidRollback(_ db: Database) {
        counts.withLock { $0.open = 0 }
    }
}
