import Foundation
import Testing

@testable import SealpostTesting

/// What the tests of the PostgreSQL store stand on.
@Suite struct PostgresClusterTests {
    @Test func theSharedClusterAnswersAndEachDatabaseIsItsOwn() async throws {
        let cluster = try await PostgresCluster.shared
        let (first, second) = (try await cluster.createDatabase(), try await cluster.createDatabase())
        try await cluster.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)", database: first)
        #expect(try await cluster.psql("SELECT n, n * n FROM t ORDER BY n", database: first) == "1|1\n2|4")
        await #expect(throws: Failure.self) { try await cluster.psql("SELECT 1 FROM t", database: second) }
        let socket = "postgres://postgres@/postgres?host=\(cluster.socketFolder)&port=\(cluster.port)"
        #expect(try await cluster.psql("SHOW fsync", database: socket) == "on")
        #expect(try await PostgresCluster.shared === cluster)
    }

    @Test func whatWasCommittedIsThereAfterAnImmediateStopAndStart() async throws {
        let cluster = try await PostgresCluster(settings: ["work_mem": "5MB"])
        let url = try await cluster.createDatabase()
        #expect(try await cluster.psql("SHOW work_mem") == "5MB")
        for round in 1...2 {
            try await cluster.psql("CREATE TABLE t\(round) AS SELECT 7 AS n", database: url)
            let before = cluster.postmaster
            if round == 1 { await cluster.stopImmediately() } else { await cluster.stop() }
            await #expect(throws: Failure.self) { try await cluster.psql("SELECT 1") }
            try await cluster.start()
            #expect(cluster.postmaster != before)
            #expect(cluster.log.contains("not properly shut down") == (round == 1))
            #expect(try await cluster.psql("SELECT n FROM t\(round)", database: url) == "7")
        }
        await cluster.end()
    }

    @Test func twoAtOnceDoNotMeetAndNothingIsLeftAfterTheEnd() async throws {
        async let one = PostgresCluster(settings: ["max_connections": "20"])
        async let other = PostgresCluster()
        let (first, second) = try await (one, other)
        #expect(first.port != second.port && first.socketFolder != second.socketFolder)
        #expect(try await first.psql("SHOW max_connections") == "20")
        #expect(try await second.psql("SHOW max_connections") == "400")
        await first.end()
        #expect(!FileManager.default.fileExists(atPath: first.socketFolder))
        #expect(kill(first.postmaster, 0) != 0)
        #expect(try await second.psql("SELECT 1") == "1")
        await second.stop()
        await second.end()
        #expect(!FileManager.default.fileExists(atPath: second.socketFolder))
    }

    @Test(.timeLimit(.minutes(1))) func aClusterThatNobodyHoldsGoesByItself() async throws {
        var cluster: PostgresCluster? = try await PostgresCluster()
        let folder = try #require(cluster?.socketFolder)
        let postmaster = try #require(cluster?.postmaster)
        cluster = nil
        // Between two looks; how long matters to nothing.
        while FileManager.default.fileExists(atPath: folder) || kill(postmaster, 0) == 0 {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test func aTestProcessThatDiesWhileTheClusterIsMadeLeavesNothing() async throws {
        let folder = try TemporaryFolder()
        #expect(chmod(folder.path, 0o777) == 0)
        let programs = try await PostgresPrograms.find()
        let orphan = try PostgresPrograms.start(
            "/usr/bin/env",
            [
                "TMPDIR=\(folder.path)", "/bin/sh", "-c", #"/bin/sh -c "$0" "$1" </dev/null | true"#,
                ClusterFolder.script, programs.folder,
            ])
        #expect(await orphan.end() == .exited(0))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func cutConnectionsAreCounted() async throws {
        let cluster = try await PostgresCluster.shared
        let url = try await cluster.createDatabase()
        let victim = Task { try await cluster.psql("SELECT pg_sleep(300)", database: url) }
        while try await cluster.disconnectAll(from: url) == 0 { await Task.yield() }
        await #expect(throws: Failure.self) { try await victim.value }
    }
}
