import Foundation
import SealpostTesting
import Testing

/// `sealpost serve` and `sealpost migrate` on PostgreSQL, as whoever runs them sees it.
@Suite struct PostgresNodesTests {
    @Test func twoNodesOnADatabaseAreOneService() async throws {
        let database = try await PostgresCluster.shared.createDatabase()
        let first = try await Service.start(database: database)
        let second = try await first.another()
        let folder = try Folder()
        let bob = Profile("bob", in: folder, server: first.url)
        try await bob.json("register", "bob")
        let alice = Profile("alice", in: folder, server: second.url)
        try await alice.json("register", "alice")
        try await alice.json("send", "bob", "across")
        #expect(try await bob.fetched() == ["across"])

        // The first node is not special: its place is taken by one that starts anew.
        #expect(await first.terminate() == .exited(0))
        try await alice.json("send", "bob", "meanwhile")
        try await first.start()
        #expect(try await bob.fetched() == ["meanwhile"])
        #expect(!FileManager.default.fileExists(atPath: first.folder.file("data/sealpost.sqlite")))
    }

    @Test func aPollAtOneNodeIsWokenByADepositAtAnother() async throws {
        let database = try await PostgresCluster.shared.createDatabase()
        let first = try await Service.start(database: database)
        let second = try await first.another()
        let stage = Stage(service: first, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: second.url)
        let clock = ContinuousClock()
        for round in 1...3 {
            let start = clock.now
            async let poll = bob.call("GET", "/v1/mailbox?wait=55&after=\(round - 1)")
            let deposit = try await carol.deposit("round \(round)", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
            let answer = try await poll
            #expect(answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("round \(round)"))
            #expect(clock.now - start < .seconds(30))
        }
    }

    @Test(.timeLimit(.minutes(2))) func aNodeOutlivesItsDatabaseAndIsReadyWhenThatIsBack() async throws {
        let cluster = try await PostgresCluster()
        let service = try await Service.start(database: try await cluster.createDatabase())
        let carol = try await API.register("carol", at: service.url)
        await cluster.stopImmediately()
        let away = try await carol.call("GET", "/readyz")
        #expect(away.status == 503 && away.code == "unavailable")
        #expect(try await carol.call("GET", "/v1/account").status == 503)
        try await cluster.start()
        while try await carol.call("GET", "/readyz").status != 200 {
            // Between two questions; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await carol.call("GET", "/v1/account").status == 200)
        #expect(await service.terminate() == .exited(0))
        await cluster.end()
    }

    @Test func theKeyringMayComeFromTheEnvironmentAndThenNothingIsWritten() async throws {
        let database = try await PostgresCluster.shared.createDatabase()
        let first = try await Service.start(database: database)
        let keyring = try String(contentsOfFile: first.keyring, encoding: .utf8)
        let second = try await first.another(
            environment: ["SEALPOST_KEYRING": keyring, "SEALPOST_KEYRING_FILE": ""])
        #expect(!FileManager.default.fileExists(atPath: second.folder.file("data")))
        let carol = try await API.register("carol", at: first.url)
        #expect(try await second.api(token: carol.token).call("GET", "/v1/account").status == 200)
    }

    @Test func aNodeWithoutTheKeyringOfItsDatabaseEndsWith78AndLeavesNoneBehind() async throws {
        let database = try await PostgresCluster.shared.createDatabase()
        let folder = try Folder()
        let first = try await run(["migrate", "--database", database, "--data-folder", "one"], in: folder)
        #expect(first.end == .exited(0), "\(first.errors)")
        #expect(first.errors.contains("the store \(database) is up to date"))
        for command in [["migrate"], ["serve", "--listen-port", "0"]] {
            let other = try await run(command + ["--database", database, "--data-folder", "other"], in: folder)
            #expect(other.end == .exited(78), "\(other.errors)")
            #expect(other.errors.contains("there is no keyring other/keyring.json"), "\(other.errors)")
            #expect(other.errors.contains("copy the keyring of another node"))
            #expect(!FileManager.default.fileExists(atPath: folder.file("other/keyring.json")))
        }
        // One that was there before is not this start's to remove.
        #expect(try await run(["migrate", "--data-folder", "third"], in: folder).end == .exited(0))
        let third = try await run(["migrate", "--database", database, "--data-folder", "third"], in: folder)
        #expect(third.end == .exited(78), "\(third.errors)")
        #expect(third.errors.contains("every node needs the same keyring"), "\(third.errors)")
        #expect(FileManager.default.fileExists(atPath: folder.file("third/keyring.json")))
        let again = try await run(["migrate", "--database", database, "--data-folder", "one"], in: folder)
        #expect(again.end == .exited(0), "\(again.errors)")
    }

    @Test func aDatabaseThatIsNotThereEndsWith69AndItsPasswordIsNotSaid() async throws {
        let folder = try Folder()
        let port = try FreePort.find()
        for command in [["migrate"], ["serve", "--listen-port", "0"]] {
            let tool = try await run(
                command + ["--database", "postgres://bob:s3cret@127.0.0.1:\(port)/mail"], in: folder)
            #expect(tool.end == .exited(69), "\(tool.errors)")
            #expect(tool.errors.contains("the database postgres://bob:********@127.0.0.1:\(port)/mail"))
            #expect(!tool.errors.contains("s3cret") && !tool.output.contains("s3cret"))
        }
    }

    @Test func withoutMigratingAtTheStartASchemaThatIsNotThereEndsWith78() async throws {
        let database = try await PostgresCluster.shared.createDatabase()
        let folder = try Folder()
        let settings = ["--database", database, "--migrate-at-start", "false", "--listen-port", "0"]
        let early = try await run(["serve"] + settings, in: folder)
        #expect(early.end == .exited(78), "\(early.errors)")
        #expect(early.errors.contains("it has not been migrated"))
        let migrate = try await run(["migrate"] + settings, in: folder)
        #expect(migrate.end == .exited(0), "\(migrate.errors)")
        let serve = try Program(Binary.path, ["serve"] + settings, folder: folder.path)
        #expect(await serve.output.contains("Sealpost is running at"), "\(serve.errors.text)")
        serve.signal(SIGTERM)
        #expect(await serve.end() == .exited(0))
    }

    private func run(
        _ arguments: [String], in folder: Folder
    ) async throws -> (end: Program.End, output: String, errors: String) {
        let program = try Program(Binary.path, arguments, folder: folder.path)
        let end = await program.end()
        return (end, program.output.text, program.errors.text)
    }
}
