import Foundation
import SealpostTesting
import Synchronization
import Testing

/// A COMMIT that the node hears nothing of: it finds out what became of it, and says 201 for what is there alone.
@Suite struct PostgresCommitTests {
    @Test func aCommitWhoseAnswerWasLostIsSettledAndTheDepositThereOnce() async throws {
        let trap = CommitTrap()
        let proxy = try await DatabaseProxy(to: PostgresCluster.shared.port, trap.judge)
        let (bob, carol, service) = try await Self.people(through: proxy, on: .shared)
        for (round, verdict) in [DatabaseProxy.Verdict.loseAnswer, .hold, .loseAnswer].enumerated() {
            trap.arm("INSERT INTO envelope", verdict)
            let before = proxy.held
            async let deposit = carol.deposit("round \(round)", to: "bob.1", id: RandomID.make())
            if case .hold = verdict {
                while proxy.held == before { try await Task.sleep(for: .milliseconds(5)) }
                // The node loses its connections, and the database what was begun.
                proxy.cutAll()
            }
            let answer = try await deposit
            #expect(answer.status == 201, "\(String(decoding: answer.bytes, as: UTF8.self)) \(service.log)")
            #expect(answer.json["outcomes"][0]["seq"].integer == round + 1)
        }
        #expect(proxy.lost == 2 && proxy.held == 1)
        let found = try await bob.mailbox().map { $0["content"].bytes }
        #expect(found == (0..<3).map { Foreign.envelope("round \($0)") })
    }

    @Test func anAccountWhoseCommitsAnswerWasLostIsMadeOnceAndItsOwnerIsTold() async throws {
        let trap = CommitTrap()
        let proxy = try await DatabaseProxy(to: PostgresCluster.shared.port, trap.judge)
        let database = try await PostgresCluster.shared.createDatabase()
        let service = try await Service.start(database: proxy.url(like: database))
        trap.arm("INSERT INTO account ", .loseAnswer)
        let carol = try await API.register("carol", at: service.url)
        #expect(proxy.lost == 1)
        #expect(try await carol.call("GET", "/v1/account").json["handle"] == "carol")
    }

    /// The number of a transaction that a crash made void is given again, to another one, which is committed.
    @Test func aCommitThatACrashMadeVoidIsNotTakenForTheOneThatGotItsNumber() async throws {
        // What is written is not on disk before somebody commits.
        let cluster = try await PostgresCluster(settings: ["wal_writer_delay": "10s", "autovacuum": "off"])
        let trap = CommitTrap()
        let proxy = try DatabaseProxy(to: cluster.port, trap.judge)
        let (bob, carol, service) = try await Self.people(through: proxy, on: cluster)
        let id = RandomID.make()
        trap.arm("INSERT INTO envelope", .hold)
        async let deposit = carol.deposit("once", to: "bob.1", id: id)
        while proxy.held == 0 { try await Task.sleep(for: .milliseconds(5)) }
        proxy.refuses = true
        await cluster.stopImmediately()
        try await cluster.start()
        try await cluster.psql(String(repeating: "SELECT pg_current_xact_id();\n", count: 100))
        proxy.refuses = false

        var answer = try await deposit
        print("after a crash before the commit: \(answer.status)")
        if answer.status == 201 { #expect(try await bob.mailbox().count == 1, "201 for nothing") }
        while answer.status == 503 {
            answer = try await carol.deposit("once", to: "bob.1", id: id)
            // Between two attempts; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(answer.status == 201 || answer.status == 200, "\(service.log)")
        #expect(try await bob.mailbox().map { $0["content"].bytes } == [Foreign.envelope("once")])
        await cluster.end()
    }

    @Test func aDatabaseThatHangsIsGivenUpInTimeAndUsedAgainWhenItAnswers() async throws {
        let proxy = try await DatabaseProxy(to: PostgresCluster.shared.port)
        let (bob, carol, service) = try await Self.people(
            through: proxy, on: .shared,
            environment: ["SEALPOST_POSTGRES_STATEMENT_TIMEOUT": "1", "SEALPOST_POSTGRES_LOCK_TIMEOUT": "1"])
        let id = RandomID.make()
        let clock = ContinuousClock()
        proxy.isFrozen = true
        let start = clock.now
        let refusals = try await withThrowingTaskGroup(of: API.Answer.self) { group in
            group.addTask { try await carol.deposit("patient", to: "bob.1", id: id) }
            group.addTask { try await bob.call("GET", "/v1/mailbox") }
            group.addTask { try await bob.call("GET", "/readyz") }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let longest = clock.now - start
        print("a database that hangs is given up after \(longest.inMilliseconds) ms")
        for answer in refusals { #expect(answer.status == 503 && answer.headers["retry-after"] != nil) }
        #expect(longest < .seconds(20))
        proxy.isFrozen = false
        proxy.cutAll()
        var answer = try await carol.deposit("patient", to: "bob.1", id: id)
        while answer.status == 503, clock.now - start < .seconds(60) {
            answer = try await carol.deposit("patient", to: "bob.1", id: id)
        }
        #expect(answer.status == 201, "\(service.log)")
        #expect(try await bob.mailbox().count == 1)
    }

    private static func people(
        through proxy: DatabaseProxy, on cluster: PostgresCluster, environment: [String: String] = [:]
    ) async throws -> (bob: API, carol: API, service: Service) {
        let database = proxy.url(like: try await cluster.createDatabase())
        let service = try await Service.start(database: database, environment: environment)
        let stage = Stage(service: service, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        return (bob, try await API.register("carol", at: service.url), service)
    }
}

/// Catches the next COMMIT of a transaction that runs a certain statement.
private final class CommitTrap: Sendable {
    private let armed = Mutex<(statement: String, verdict: DatabaseProxy.Verdict)?>(nil)

    func arm(_ statement: String, _ verdict: DatabaseProxy.Verdict) {
        armed.withLock { $0 = (statement, verdict) }
    }

    var judge: DatabaseProxy.Judge {
        { [self] statements in
            armed.withLock { armed in
                guard let trap = armed, statements.last == "COMMIT",
                    statements.contains(where: { $0.contains(trap.statement) })
                else { return .pass }
                armed = nil
                return trap.verdict
            }
        }
    }
}
