import Foundation
import Testing

@testable import SealpostTesting

/// What `docs/postgres.md` prints, run as it stands.
@Suite struct PostgresManualTests {
    @Test func theSetUpMakesADatabaseForNodesAndEveryQueryAnswers() async throws {
        let manual = try Manual()
        let cluster = try await PostgresCluster()
        try await cluster.psql(manual.setUp)
        let url = "postgres://sealpost:secret@127.0.0.1:\(cluster.port)/sealpost"
        let service = try await Service.start(database: url)
        let stage = Stage(service: service, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: service.url)
        #expect(try await carol.deposit("hello", to: "bob.1", id: RandomID.make()).status == 201)

        var answers: [String] = []
        for query in manual.queries {
            // As the nodes' role.
            answers.append(try await cluster.psql(query, database: url))
        }
        #expect(answers.count == 7)
        #expect(answers.contains { $0.contains("\nsealpost listen|127.0.0.1|idle|1|") }, "\(answers)")
        #expect(answers.contains { $0.contains("envelope_7|") }, "\(answers)")
        #expect(answers.contains("0|0|0"), "\(answers)")
        #expect(answers.contains { $0.hasPrefix("1|") && $0.hasSuffix(" bytes|1") }, "\(answers)")

        // Somebody who holds a lock, and somebody who waits for it.
        let holder = Task { try await cluster.psql(Self.hold, database: url) }
        let open = try #require(manual.queries.first { $0.contains("xact_start") })
        try await until { try await cluster.psql(open, database: url).contains("|SELECT pg_sleep") }
        let waiter = Task { try await cluster.psql(Self.wait, database: url) }
        let locks = try #require(manual.queries.first { $0.contains("pg_blocking_pids") })
        try await until { try await cluster.psql(locks, database: url).contains("UPDATE device") }
        #expect(try await cluster.psql(locks, database: url).firstMatch(of: #/^\d+\|\{\d+\}\|/#) != nil)
        try await cluster.disconnectAll(from: "sealpost")
        _ = await (holder.result, waiter.result)
        try await until { try await bob.call("GET", "/readyz").status == 200 }
        #expect(try await bob.mailbox().count == 1)
        #expect(await service.terminate() == .exited(0))
        await cluster.end()
    }

    /// It is disconnected: nothing here depends on how long it would sleep.
    private static let hold = "BEGIN; UPDATE device SET name = name; SELECT pg_sleep(60);"
    private static let wait = "SET lock_timeout = 0; UPDATE device SET name = name;"

    @Test func aDumpIsRestoredAndServedWithTheSameKeyring() async throws {
        let manual = try Manual()
        let cluster = try await PostgresCluster.shared
        let (database, restored) = (try await cluster.createDatabase(), try await cluster.createDatabase())
        let first = try await Service.start(database: database)
        let stage = Stage(service: first, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: first.url)
        #expect(try await carol.deposit("kept", to: "bob.1", id: RandomID.make()).status == 201)

        #expect(manual.commands.count == 2)
        let programs = try await PostgresPrograms.find().folder
        let shell = try Program(
            "/bin/bash", ["-euc", manual.commands.joined(separator: "\n")],
            environment: [
                "PATH": "\(programs):/usr/bin:/bin", "SEALPOST_DATABASE": database, "SEALPOST_RESTORED": restored,
            ], folder: stage.folder.path)
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)")
        let second = try await first.another(environment: ["SEALPOST_DATABASE": restored])
        let mail = try await second.api(token: bob.token).mailbox()
        #expect(mail.map { $0["content"].bytes } == [Foreign.envelope("kept")])
    }
}

/// The blocks of the manual.
private struct Manual {
    let setUp: String
    let queries: [String]
    let commands: [String]

    init() throws {
        let text = try String(contentsOfFile: Binary.repository + "/docs/postgres.md", encoding: .utf8)
        func blocks(_ language: String) -> [String] {
            text.components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
        }
        let sql = blocks("sql")
        guard sql.count > 1 else { throw Failure("docs/postgres.md has no queries") }
        (setUp, queries, commands) = (sql[0], Array(sql[1...]), blocks("sh"))
    }
}
