import Foundation
import PostgresKit
import SealpostTesting
import Testing

/// A server that goes away and comes back: a cluster for all of these, one after the other.
@Suite(.serialized) struct RestartTests {
    private static let start = Task { try await PostgresCluster() }
    private let cluster: PostgresCluster

    init() async throws {
        cluster = try await Self.start.value
    }

    private func settings(_ change: (inout PostgresSettings) -> Void = { _ in }) -> PostgresSettings {
        var settings = PostgresSettings(url: cluster.url())
        change(&settings)
        return settings
    }

    @Test func aServerThatIsStoppedInMidQueryIsLostAndUsedAgainWhenItIsBack() async throws {
        let connection = try PostgresConnection(settings())
        let observer = try PostgresConnection(settings())
        let backend = try await connection.backend()
        let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        try await observer.untilRunning("SELECT pg_sleep", on: backend)
        await cluster.stopImmediately()
        #expect(await failure { try await task.value }?.isConnectionLost == true)
        #expect(await failure { try await connection.backend() }?.isUnreachable == true)
        try await cluster.start()
        // Refused for a moment only.
        let start = ContinuousClock.now
        while await failure(of: { try await connection.backend() }) != nil {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(ContinuousClock.now - start < .seconds(4))
    }

    @Test func aPoolRefusesAtOnceWhileTheServerIsAwayAndWorksSoonAfterItsReturn() async throws {
        let pool = PostgresPool(settings(), limit: 8)
        let users = 32
        let isOver = Promise<Void>()
        let worked = Counter()
        let refused = Counter()
        let slow = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<users {
                group.addTask {
                    while !isOver.isKept {
                        let start = ContinuousClock.now
                        let error = await failure { try await pool.perform { _ = try $0.run("SELECT 1") } }
                        if ContinuousClock.now - start > .seconds(4) { slow.add() }
                        switch error {
                        case nil: worked.add()
                        case .connectionLost, .unreachable:
                            refused.add()
                            try await Task.sleep(for: .milliseconds(1))
                        default: Issue.record("\(String(describing: error))")
                        }
                    }
                }
            }
            while worked.value < 500 { try await Task.sleep(for: .milliseconds(1)) }
            await cluster.stopImmediately()
            let before = refused.value
            while refused.value < before + 500 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(worked.value > 0)
            try await cluster.start()
            let (back, count) = (ContinuousClock.now, worked.value)
            while worked.value < count + 100 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(ContinuousClock.now - back < .seconds(4))
            isOver.keep(())
            try await group.waitForAll()
        }
        #expect(slow.value == 0)
        #expect(pool.leased == 0 && pool.waiting == 0)
    }

    @Test func aListenerSaysThatTheServerWentAndHearsAgainWhenItIsBack() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: PostgresListener.Event.self)
        let listener = try PostgresListener(settings(), channels: ["news"])
        let listening = Task { await listener.run { continuation.yield($0) } }
        var heard = events.makeAsyncIterator()
        #expect(await heard.next() == .connected)
        await cluster.stop()
        guard case .disconnected = await heard.next() else {
            Issue.record("something else")
            return
        }
        try await cluster.start()
        var event = await heard.next()
        while case .disconnected = event { event = await heard.next() }
        #expect(event == .connected)
        try await cluster.psql("NOTIFY news, 'again'")
        guard case .notification(let notification) = await heard.next() else {
            Issue.record("something else")
            return
        }
        #expect(notification.payload == "again")
        listening.cancel()
        await listening.value
    }

    @Test func aNumberThatACrashedServerGivesAgainDoesNotStandForTheLostTransaction() async throws {
        let pool = PostgresPool(settings(), limit: 2)
        try await pool.perform { _ = try $0.run("CREATE TABLE lost (n bigint)") }
        try await cluster.psql("CHECKPOINT")
        // In its own words to the server, so that it is known before COMMIT.
        let wire = try Wire(to: cluster.port, atCommit: .freezeBefore)
        defer { wire.end() }
        let connection = try PostgresConnection(
            PostgresSettings(url: wire.url, statementTimeout: .seconds(1), patience: .milliseconds(100)))
        let error = await failure {
            try await connection.perform { session in
                try session.transaction { try $0.run("INSERT INTO lost VALUES (1)") }.count
            }
        }
        guard case .commitUnknown(let lost) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await cluster.stopImmediately()
        wire.end()
        try await cluster.start()
        // Somebody is faster than the question.
        let given = try await cluster.psql(
            "BEGIN; SELECT pg_current_xact_id(); CREATE TABLE other_\(lost.value) (n int); COMMIT")
        #expect(UInt64(given) == lost.value, "the case that is to be tested")
        #expect(try await pool.outcome(of: lost, within: .seconds(10)) == .rolledBack)
        // The next life begins after that number, and knows it as committed.
        await cluster.stopImmediately()
        try await cluster.start()
        #expect(await failure { try await pool.outcome(of: lost, within: .seconds(10)) } == .commitUnknown(lost))
        // After the first checkpoint nobody can tell any more.
        try await cluster.psql("CHECKPOINT")
        #expect(await failure { try await pool.outcome(of: lost, within: .seconds(10)) } == .commitUnknown(lost))
        #expect(try await cluster.psql("SELECT count(*) FROM lost; DROP TABLE lost") == "0")
    }

    /// Inserts numbers in transactions of their own until one fails: which, and whether they are there; nil: unknown.
    private func insertUntilFailure(
        _ pool: PostgresPool, from start: Int, _ commits: Counter
    ) async -> [(Int, Bool?)] {
        var results: [(Int, Bool?)] = []
        while true {
            let number = start + results.count
            let error = await failure {
                try await pool.perform { session in
                    try session.transaction {
                        _ = try $0.commit(with: ["INSERT INTO around VALUES (\(number))"])
                    }
                }
            }
            switch error {
            case nil:
                results.append((number, true))
                commits.add()
            case .commitUnknown(let id):
                let outcome = try? await pool.outcome(of: id, within: .seconds(20))
                return results + [(number, outcome.map { $0 == .committed })]
            default: return results + [(number, false)]
            }
        }
    }

    @Test func whatBecameOfCommitsAroundACrashIsNeverToldWrongly() async throws {
        let pool = PostgresPool(settings(), limit: 8)
        try await pool.perform { _ = try $0.run("CREATE TABLE around (n bigint PRIMARY KEY)") }
        var known: [Int: Bool] = [:]
        for round in 0..<3 {
            let commits = Counter()
            let results = Task {
                await withTaskGroup(of: [(Int, Bool?)].self) { group in
                    for user in 0..<8 {
                        group.addTask {
                            await insertUntilFailure(pool, from: (round * 8 + user) * 1_000_000, commits)
                        }
                    }
                    return await group.reduce(into: []) { $0 += $1 }
                }
            }
            while commits.value < 50 { await Task.yield() }
            await cluster.stopImmediately()
            try await cluster.start()
            // What was committed just before the crash stays in doubt, and nothing is said of it.
            for (number, isCommitted) in await results.value { known[number] = isCommitted }
        }
        let there = try await pool.perform { session in
            try session.run("SELECT n FROM around").map { try $0.value(0, as: Int.self) }
        }
        let all = Set(there)
        for (number, isCommitted) in known { #expect(all.contains(number) == isCommitted) }
        try await pool.perform { _ = try $0.run("DROP TABLE around") }
    }

    @Test func aPrimaryThatIsDemotedIsLeftForTheOther() async throws {
        let other = try await PostgresCluster.shared.port
        let connection = try PostgresConnection(
            settings { $0.url = "postgres://postgres@127.0.0.1:\(cluster.port),127.0.0.1:\(other)/postgres" })
        let port: @Sendable (PostgresSession) throws -> Int = { session in
            try session.run("SELECT current_setting('port')::int")[0].value(0)
        }
        #expect(try await connection.perform(port) == cluster.port)
        try await cluster.psql("ALTER SYSTEM SET default_transaction_read_only = on")
        try await cluster.psql("SELECT pg_reload_conf()")
        // A session that is there learns it when it wants to write.
        let table = Database.name()
        try await connection.until("SELECT current_setting('default_transaction_read_only') = 'on'")
        let error = await failure {
            try await connection.perform { _ = try $0.run("CREATE TABLE \(unsafeSQL: table) (n int)") }
        }
        #expect(error?.state == .readOnlyTransaction)
        #expect(try await connection.perform(port) == other)
        try await cluster.psql("SET default_transaction_read_only = off; ALTER SYSTEM RESET ALL")
        try await cluster.psql("SELECT pg_reload_conf()")
    }
}
