import Foundation
import PostgresKit
import SealpostCore
import SealpostStore
import SealpostTesting
import SodiumKit
import Testing

@testable import SealpostStorePostgres

/// Every statement goes by an index, and by as much of its key as there is, with a million envelopes in ten thousand
/// mailboxes.
@Suite struct QueryPlanTests {
    @Test func `every statement finds its rows by an index, and mail comes out of it in order`() async throws {
        let place = try StorePlace()
        let store = try await place.store { $0.connections = 1 }
        try await store.migrate()
        try await fill(store)
        let fixture = StoreFixture(.postgres, at: place, store: store)
        let before = try await scans(store)
        try await runEverything(fixture, store)
        let after = try await scans(store)
        for (table, count) in after {
            #expect(count == before[table], "\(table) was read whole \(count - (before[table] ?? 0)) times")
        }
        try await store.pool.perform { session in
            // What this one connection has prepared is everything that the store ever says.
            let statements = try session.run(
                "SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements"
            ).map { (name: try $0.text(0), sql: try $0.text(1), parameters: try $0.count(2)) }
            let checked = statements.filter { statement in
                ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains { statement.sql.hasPrefix($0) }
                    && !statement.sql.contains("pg_") && !statement.sql.contains("set_config")
            }
            #expect(checked.count > 80)
            for statement in checked {
                let nulls = Array(repeating: "NULL", count: statement.parameters).joined(separator: ", ")
                let call = statement.parameters == 0 ? statement.name : "\(statement.name)(\(nulls))"
                let plan = try session.run(Query(unsafeSQL: "EXPLAIN (FORMAT JSON) EXECUTE \(call)"))[0].text(0)
                let json = try #require(
                    try JSONSerialization.jsonObject(with: Data(plan.utf8)) as? [[String: Any]])
                try check(#require(json[0]["Plan"] as? [String: Any]), of: statement.sql)
            }
        }
        await store.close()
    }

    /// One row each, at most as many as a sweep takes, or a handful by nature.
    private static let small: Set = ["revocation_counter", "migration", "keyring_key", "removal"]

    /// The columns by which a table must at least be entered.
    private static let keys = [
        "envelope": ["account", "device"], "deposit": ["account", "name"], "tombstone": ["account", "device"],
        "one_time_prekey": ["account", "device"], "claim": ["account", "name"],
    ]

    private func check(_ node: [String: Any], of sql: String) throws {
        let type = node["Node Type"] as? String ?? ""
        let relation = (node["Relation Name"] as? String ?? "")
        #expect(type != "Seq Scan" || Self.small.contains(relation), "\(relation) is read whole in \(sql)")
        if type.contains("Index"), !Self.small.contains(relation) {
            let condition = node["Index Cond"] as? String ?? ""
            #expect(!condition.isEmpty, "an index of \(relation) is read whole in \(sql)")
            let table = relation.hasPrefix("envelope_") ? "envelope" : relation
            // Sweeps enter by what is over, or by what of a removed account or device is left.
            let isSweep = sql.hasPrefix("DELETE") && sql.contains("LIMIT")
            for column in Self.keys[table] ?? [] where !isSweep {
                #expect(condition.contains(column), "\(relation) is not entered by \(column) in \(sql)")
            }
        }
        if type == "Sort" {
            // A mailbox's mail comes out of the index in order; what a batch found of several is put in order.
            let sorted = node["Sort Key"] as? [String] ?? []
            #expect(!sorted.contains { $0.hasPrefix("envelope") }, "mail is sorted in \(sql)")
        }
        for child in node["Plans"] as? [[String: Any]] ?? [] { try check(child, of: sql) }
    }

    /// How often each table was read whole.
    private func scans(_ store: PostgresStore) async throws -> [String: Int] {
        try await store.pool.perform { session in
            // The counters are written when a connection goes idle, or when it is asked to.
            try session.run("SELECT pg_stat_force_next_flush()")
            let rows = try session.run("SELECT relname, seq_scan FROM pg_stat_user_tables").map {
                (try $0.text(0), try $0.count(1))
            }
            return Dictionary(uniqueKeysWithValues: rows).filter { !Self.small.contains($0.key) }
        }
    }

    private func fill(_ store: PostgresStore) async throws {
        try await store.pool.perform { session in
            try session.script(
                """
                SET synchronous_commit = off;
                SET statement_timeout = 0;
                INSERT INTO account (handle, created) SELECT 'crowd' || n, 0 FROM generate_series(1, 10000) AS n;
                INSERT INTO device (account, number, created, listed, last_fetch, head, count, bytes, next_expiry,
                    identity_key, name)
                SELECT id, 1, 0, 1800000000000, 1800000000000, 100, 100, 1600, 1802592000000, decode(md5(handle), 'hex'), 'd'
                FROM account;
                INSERT INTO envelope (account, seq, received, expires, device, id, content)
                SELECT id, seq, 1800000000000, 1802592000000, 1, 'aaaaaaaaaaaaaaaaaaaaaa', decode(md5('x'), 'hex')
                FROM account, generate_series(1, 100) AS seq;
                INSERT INTO deposit (account, seq, received, expires, forget, device, name, digest)
                SELECT id, seq, 1800000000000, 1802592000000, 1802592000000, 1, decode(md5(id || '.' || seq), 'hex'),
                    decode(md5('x'), 'hex')
                FROM account, generate_series(1, 10) AS seq;
                ANALYZE;
                """)
        }
    }
}

extension QueryPlanTests {
    /// Each call of the store at least once.
    private func runEverything(_ fixture: StoreFixture, _ store: PostgresStore) async throws {
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
        for limit in [3, 100] {
            _ = try await store.fetch([Fetch(mailbox: one, after: nil, limit: limit)])
        }
        _ = try await store.envelope(Sequence(5), in: one)
        _ = try await store.heads(of: [one, two])
        _ = try await store.prekeyState(of: one)
        _ = try await store.knownClaim(Sample.claim(of: bob, by: alice))
        _ = try await store.devices(of: one.account)
        _ = try await store.account(one.account)
        _ = try await store.account(named: bob.handle)
        for login in [Login.handle(bob.handle), .email("bob@example.org")] {
            _ = try await store.credentials(for: login)
        }
        _ = try await store.acknowledge([
            Ack(mailbox: one, extent: .through(Sequence(5))), Ack(mailbox: two, extent: .seqs([Sequence(6)])),
        ])
        try await accounts(fixture, store, &bob, one)
        try await fixture.list([1], of: &bob)
        _ = try await store.removeDevice(two)
        _ = try await store.deleteAccount(bob.id)
        _ = try await store.revocations(after: 0, limit: 10)
        try await store.check()
        try await store.adoptKeyring()
        fixture.clock.advance(by: .days(5))
        while try await store.sweep(limit: 20).more {}
    }

    private func accounts(
        _ fixture: StoreFixture, _ store: PostgresStore, _ bob: inout Person, _ one: MailboxKey
    ) async throws {
        _ = try await store.changeAccount(bob.id, AccountChange(email: "bob@example.org", passwordHash: "new"))
        _ = try await store.account(bob.id)
        _ = try await store.changeAccount(bob.id, AccountChange(email: .some(nil)))
        let session = Sample.recordID()
        _ = try await fixture.signIn(bob, NewSession(id: session, device: one.device))
        for number: Int64 in [1, 1] { _ = try await store.refreshSession(session, number: number) }
        _ = try await store.session(session)
        _ = try await store.sessions(of: one.account)
        _ = try await store.spendChallenge(Random.bytes(32), expires: fixture.clock.now + .minutes(1))
        let token = NewToken(
            id: Sample.recordID(), account: bob.id, session: session, name: "t", scopes: [.mailbox],
            device: one.device, expires: fixture.clock.now + .days(1), idempotencyKey: "once")
        for _ in 0..<2 { _ = try await store.createToken(token) }
        _ = try await store.tokens(of: one.account)
        _ = try await store.endSession(session, of: bob.id)
        _ = try await store.revokeToken(token.id, of: bob.id)
    }
}
