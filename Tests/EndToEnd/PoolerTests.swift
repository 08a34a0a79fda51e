import Foundation
import Testing

@testable import SealpostTesting

/// Nodes whose `database` leads through PgBouncer.
@Suite struct PoolerTests {
    @Test func throughSessionsOfAPoolerNodesAreOneServiceAndWakeEachOther() async throws {
        let pooler = try await Pooler(mode: "session")
        let first = try await Service.start(database: pooler.url)
        let second = try await first.another(environment: ["SEALPOST_DATABASE": pooler.direct])
        let stage = Stage(service: first, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: second.url)
        try await until { first.log.contains("The wake channel is up") }
        let clock = ContinuousClock()
        for round in 1...3 {
            let start = clock.now
            async let poll = bob.call("GET", "/v1/mailbox?wait=55&after=\(round - 1)")
            #expect(try await carol.deposit("round \(round)", to: "bob.1", id: RandomID.make()).status == 201)
            let answer = try await poll
            #expect(answer.json["cursor"].integer == round)
            #expect(clock.now - start < .seconds(30))
        }
    }

    @Test func aPoolerThatPoolsTransactionsEndsTheStartWith78() async throws {
        let pooler = try await Pooler(mode: "transaction")
        let folder = try Folder()
        // The second time, the pooler's connections have what the first start left on them.
        for command in [["migrate"], ["serve", "--listen-port", "0"], ["migrate"]] {
            let tool = try Program(Binary.path, command + ["--database", pooler.url], folder: folder.path)
            #expect(await tool.end() == .exited(78), "\(tool.errors.text)")
            #expect(tool.errors.text.contains("is behind a pooler that does not keep sessions"), "\(tool.errors.text)")
        }
        // Nor is it good to listen through; for the rest of a node the database itself is there.
        let listen = try Program(
            Binary.path, ["serve", "--listen-port", "0", "--database", pooler.direct, "--postgres-listen", pooler.url],
            folder: folder.path)
        #expect(await listen.end() == .exited(78), "\(listen.errors.text)")
        #expect(listen.errors.text.contains("is behind a pooler that does not keep sessions"), "\(listen.errors.text)")
    }

    @Test func aPoolerThatStopsKeepingSessionsMakesANodeSaySo() async throws {
        let pooler = try await Pooler(mode: "session")
        let service = try await Service.start(database: pooler.url)
        try await pooler.change(mode: "transaction")
        let api = try service.api()
        try await until {
            // Work for more than one connection; each answer is that of a service that is away, or one that works.
            async let one = api.call("GET", "/readyz")
            async let other = api.call("GET", "/readyz")
            let statuses = try await [one.status, other.status]
            #expect(statuses.allSatisfy { [200, 503].contains($0) })
            return service.log.contains("is there a pooler in between that does not keep sessions?")
        }
    }
}

/// PgBouncer before a new database.
private final class Pooler: Sendable {
    /// Through it.
    let url: String
    let direct: String
    private let bouncer: Companion
    private let file: String
    private let port: Int

    init(mode: String) async throws {
        let cluster = try await PostgresCluster.shared
        direct = try await cluster.createDatabase()
        let name = String(direct.split(separator: "/").last ?? "")
        port = try FreePort.find()
        url = "postgres://postgres@127.0.0.1:\(port)/\(name)"
        // The folder that the user of PostgreSQL can read, too; it goes with the cluster.
        file = "\(cluster.socketFolder)/\(name).ini"
        try Self.settings(mode: mode, name: name, port: port, cluster: cluster)
            .write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        bouncer = try Companion("pgbouncer", [file], as: "postgres")
        let url = url
        try await bouncer.ready { try await cluster.psql("SELECT 1", database: url) == "1" }
    }

    /// Disconnects everybody, as a restart does, and goes on in another mode.
    func change(mode: String) async throws {
        let cluster = try await PostgresCluster.shared
        let name = String(direct.split(separator: "/").last ?? "")
        try Self.settings(mode: mode, name: name, port: port, cluster: cluster)
            .write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        try await cluster.psql(
            "RELOAD; KILL \(name); RESUME \(name);", database: "postgres://postgres@127.0.0.1:\(port)/pgbouncer")
    }

    private static func settings(mode: String, name: String, port: Int, cluster: PostgresCluster) -> String {
        """
        [databases]
        \(name) = host=127.0.0.1 port=\(cluster.port) user=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = any
        admin_users = postgres
        pool_mode = \(mode)
        default_pool_size = 40
        """
    }
}
