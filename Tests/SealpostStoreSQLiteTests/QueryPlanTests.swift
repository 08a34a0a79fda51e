import GRDB
import SealpostCore
import SealpostStore
import SealpostTesting
import SodiumKit
import Synchronization
import Testing

@testable import SealpostStoreSQLite

/// No statement reads a table whole: neither now nor when one of them gets a condition more.
@Suite struct QueryPlanTests {
    @Test func `every statement finds its rows by an index, and mail comes out of it in order`() async throws {
        let fixture = try await StoreFixture(.sqlite)
        let store = try #require(fixture.store as? SQLiteStore)
        let seen = Statements()
        try await store.pool.writeWithoutTransaction { db in
            db.trace(options: .statement) { event in
                if case .statement(let statement) = event { seen.add(statement.sql) }
            }
        }
        try await runEverything(fixture, store)
        let statements = seen.all.filter { sql in
            ["SELECT", "INSERT", "UPDATE", "DELETE"].contains { sql.hasPrefix($0) }
        }
        #expect(statements.count > 80)
        try await store.pool.writeWithoutTransaction { db in
            for sql in statements {
                let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
                statement.setUncheckedArguments(StatementArguments())
                let steps = try Row.fetchAll(statement).map { row -> String in row["detail"] }
                for step in steps {
                    let isScan = step.hasPrefix("SCAN") && !Self.small.contains(where: step.hasPrefix)
                    #expect(!isScan, "\(step) in \(sql)")
                    let isSort = step.contains("TEMP B-TREE FOR ORDER BY") && !sql.contains("session")
                    #expect(!isSort, "\(step) in \(sql)")
                }
            }
        }
    }

    /// One row each, none at all, or at most as many as a sweep takes.
    private static let small = [
        "SCAN revocation_counter", "SCAN migration", "SCAN sqlite_master", "SCAN CONSTANT ROW", "SCAN removal",
    ]

    /// Each call of the store at least once, on the writer's connection, also those that read.
    private func runEverything(_ fixture: StoreFixture, _ store: SQLiteStore) async throws {
        let alice = try await fixture.person("alice")
        var bob = try await fixture.person("bob", devices: 2)
        let one = try bob.mailbox(1)
        let two = try bob.mailbox(2)
        let key = Sample.oneTimeKey(1)
        for _ in 0..<2 {
            _ = try await store.appendPrekeys(oneTime: [key], oneTimeKEM: [Sample.kemKey(7)], of: one)
        }
        _ = try await store.replacePrekeys(Sample.longLived(id: 2), of: one)
        for devices in [nil, [one.device]] {
            _ = try await store.claim([Sample.claim(of: bob, by: alice, devices: devices)])
        }
        _ = try await store.openDevice(one, last: 0, nonce: [1])
        let letters = try (0..<8).map { index in
            try fixture.letter(from: alice, to: bob, devices: [1, 2], ttl: index < 4 ? .seconds(10) : .days(1))
        }
        _ = try await store.deposit(letters + letters)
        let withdrawal = Withdrawal(
            recipient: bob.handle, device: two.device, depositor: .account(alice.id), id: letters[6].id)
        _ = try await store.withdraw(withdrawal)
        fixture.clock.advance(by: .seconds(10))
        _ = try await store.sweep(limit: 2)
        try await store.write { transaction in
            for key in [one, two] { _ = try transaction.sweep(key, limit: SQLiteStore.sweepStep) }
            try transaction.noteFetch(of: [one, two])
        }
        try await store.write { [bob] transaction in
            let fetches = [Fetch(mailbox: one, after: nil, limit: 3), Fetch(mailbox: two, after: .start, limit: 100)]
            _ = try transaction.fetch(fetches, betweenReads: nil)
            _ = try transaction.heads(of: [one, two])
            _ = try transaction.envelope(Sequence(5), in: one)
            _ = try transaction.prekeyState(of: one)
            _ = try transaction.knownClaim(Sample.claim(of: bob, by: alice))
            _ = try transaction.devices(of: one.account)
            _ = try transaction.account(one.account)
            _ = try transaction.account(named: bob.handle)
            for login in [Login.handle(bob.handle), .email("bob@example.org")] {
                _ = try transaction.credentials(for: login)
            }
            _ = try transaction.session(bob.session)
            _ = try transaction.sessions(of: one.account)
            _ = try transaction.tokens(of: one.account)
            _ = try transaction.revocations(after: 0, limit: 10)
            var crowded = try #require(try transaction.mailbox(two))
            try transaction.mergeOldest(in: &crowded)
            _ = try transaction.resealEmails(limit: 1)
            try transaction.checkSchema()
        }
        _ = try await store.acknowledge([
            Ack(mailbox: one, extent: .through(Sequence(5))), Ack(mailbox: two, extent: .seqs([Sequence(6)])),
        ])
        _ = try await store.changeAccount(bob.id, AccountChange(email: "bob@example.org", passwordHash: "new"))
        _ = try await store.changeAccount(bob.id, AccountChange(email: .some(nil)))
        let session = Sample.recordID()
        _ = try await fixture.signIn(bob, NewSession(id: session, device: one.device))
        for number: Int64 in [1, 1] { _ = try await store.refreshSession(session, number: number) }
        _ = try await store.spendChallenge(Random.bytes(32), expires: fixture.clock.now + .minutes(1))
        let token = NewToken(
            id: Sample.recordID(), account: bob.id, session: session, name: "t", scopes: [.mailbox],
            device: one.device, expires: fixture.clock.now + .days(1), idempotencyKey: "once")
        for _ in 0..<2 { _ = try await store.createToken(token) }
        _ = try await store.endSession(session, of: bob.id)
        _ = try await store.revokeToken(token.id, of: bob.id)
        try await fixture.list([1], of: &bob)
        _ = try await store.removeDevice(two)
        _ = try await store.deleteAccount(bob.id)
        fixture.clock.advance(by: .days(400))
        while try await store.sweep(limit: 2).more {}
    }
}

private final class Statements: Sendable {
    private let seen = Mutex<Set<String>>([])

    func add(_ sql: String) { seen.withLock { _ = $0.insert(sql) } }

    var all: [String] { seen.withLock { $0.sorted() } }
}
