import Foundation
import PostgresKit
import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStorePostgres

@Suite struct SettingsTests {
    @Test(arguments: [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")])
    func `commits are durable, whatever the database says`(_ set: String, _ expected: String) async throws {
        let place = try StorePlace()
        let name = try await place.database().split(separator: "/").last ?? ""
        try await PostgresCluster.shared.psql("ALTER DATABASE \(name) SET synchronous_commit = \(set)")
        let store = try await place.store()
        let seen = try await store.pool.perform { session in
            try session.run("SELECT current_setting('synchronous_commit')")[0].text(0)
        }
        #expect(seen == expected)
        await store.close()
    }

    @Test func `the time-outs are those of the configuration`() async throws {
        let place = try StorePlace()
        let store = try await place.store {
            $0.statementTimeout = .seconds(7)
            $0.lockTimeout = .milliseconds(300)
        }
        let seen = try await store.pool.perform { session in
            let row = try session.run("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")[0]
            return [try row.text(0), try row.text(1)]
        }
        #expect(seen == ["7s", "300ms"])
        await store.close()
    }
}

@Suite struct DatabaseClockTests {
    private static let hour: Int64 = 3_600_000

    private func difference(_ clock: DatabaseClock) -> Int64 {
        clock.now.milliseconds - Timestamp.now.milliseconds
    }

    @Test func `a node goes by the database's time`() {
        let clock = DatabaseClock()
        #expect(abs(difference(clock)) < 1_000)
        clock.compare { Timestamp(milliseconds: Timestamp.now.milliseconds + Self.hour) }
        #expect(abs(difference(clock) - Self.hour) < 1_000)
        clock.compare { Timestamp(milliseconds: Timestamp.now.milliseconds - Self.hour) }
        #expect(abs(difference(clock) + Self.hour) < 1_000)
    }

    @Test func `an answer that took long changes nothing`() {
        let clock = DatabaseClock()
        clock.compare {
            // What a slow database is.
            Thread.sleep(forTimeInterval: 0.3)
            return Timestamp(milliseconds: Timestamp.now.milliseconds + Self.hour)
        }
        #expect(abs(difference(clock)) < 1_000)
    }

    @Test func `a store without a clock of its own stamps by the database's`() async throws {
        let place = try StorePlace()
        let store = PostgresStore(
            PostgresStore.Configuration(url: try await place.database()), keyring: place.keyring)
        try await store.migrate()
        let fixture = StoreFixture(.postgres, at: place, store: store)
        let alice = try await fixture.account("alice")
        let created = try #require(try await store.account(alice.id)?.created)
        let database = try await store.pool.perform { session in
            try session.run("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")[0].time(0)
        }
        #expect(abs(database.milliseconds - created.milliseconds) < 10_000)
        await store.close()
    }
}
