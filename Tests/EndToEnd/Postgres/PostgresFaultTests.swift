import Foundation
import SealpostTesting
import Testing

/// Promises P1 to P3 on PostgreSQL: whatever is killed in the midst of deposits, each that was answered is there once, and
/// each reader sees a log without holes; and what cannot be done for now is refused with 503, and soon.
@Suite struct PostgresFaultTests {
    private static let timeouts = [
        "SEALPOST_POSTGRES_STATEMENT_TIMEOUT": "2", "SEALPOST_POSTGRES_LOCK_TIMEOUT": "1",
    ]
    /// A statement's time-out, the patience beyond it, and the time to find out what became of a commit.
    private static let slowest = Duration.seconds(20)

    @Test func aNodeIsKilledAndStartedAgain() async throws {
        let nodes = try await TwoNodes.start(on: .shared, environment: Self.timeouts)
        var load = try await Self.load(at: nodes)
        load.nodesMayDie = true
        let (ledger, total) = (load.ledger, load.total)
        try await load.run {
            for round in 1...2 {
                await ledger.taken(total * round / 4)
                await nodes.second.kill()
                await ledger.taken(total * round / 4 + total / 8)
                try await nodes.second.start()
            }
        }
        try await ledger.check(load, slowest: Self.slowest, "a node killed")
    }

    @Test func connectionsToTheDatabaseAreCut() async throws {
        let nodes = try await TwoNodes.start(on: .shared, environment: Self.timeouts)
        let load = try await Self.load(at: nodes)
        let (ledger, total) = (load.ledger, load.total)
        try await load.run {
            for round in 1...8 {
                await ledger.taken(total * round / 10)
                if round.isMultiple(of: 2) {
                    try await nodes.cluster.disconnectAll(from: nodes.database)
                } else {
                    try await nodes.cluster.psql(
                        "SELECT pg_terminate_backend(\(Self.backend))", database: nodes.database)
                }
            }
        }
        try await ledger.check(load, slowest: Self.slowest, "connections cut")
        // Done again on another connection, which nobody has to know.
        #expect(ledger.refusals == 0)
        for node in [nodes.first, nodes.second] { #expect(try await node.readiness() < .seconds(10)) }
    }

    @Test func theDatabaseCrashesAndGoesAwayAndComesBack() async throws {
        let nodes = try await TwoNodes.start(on: PostgresCluster(), environment: Self.timeouts)
        var load = try await Self.load(at: nodes)
        load.deposits = 60
        let (ledger, total, readers, sender) = (load.ledger, load.total, load.readers, load.sender)
        try await load.run {
            for round in 1...2 {
                await ledger.taken(total * round / 10)
                // Makes PostgreSQL end all others, and recover.
                let pid = try await nodes.cluster.psql("SELECT \(Self.backend)", database: nodes.database)
                kill(try #require(pid_t(pid)), SIGKILL)
            }
            for round in 3...6 {
                await ledger.taken(total * round / 10)
                await nodes.cluster.stopImmediately()
                if round == 3 { try await Self.expectRefusals(at: nodes, of: readers[0].device, and: sender) }
                try await nodes.cluster.start()
                for node in [nodes.first, nodes.second] {
                    let readiness = try await node.readiness()
                    print("ready \(readiness.inMilliseconds) ms after the database")
                    #expect(readiness < .seconds(10))
                }
            }
        }
        try await ledger.check(load, slowest: Self.slowest, "the database killed")
        for node in [nodes.first, nodes.second] {
            #expect(node.log.split(separator: "\n").filter { $0.contains(" error sealpost: ") } == [])
        }
        await nodes.cluster.end()
    }

    /// A server process that works for a node, the one that was used last.
    private static let backend = """
        (SELECT pid FROM pg_stat_activity WHERE application_name = 'sealpost' AND datname = current_database()
            ORDER BY state_change DESC LIMIT 1)
        """

    private static func load(at nodes: TwoNodes) async throws -> Load {
        var readers: [Load.Reader] = []
        for name in ["bob", "dora", "eve"] {
            readers.append(.init(address: "\(name).1", device: try await nodes.device(of: name)))
        }
        let sender = try await API.register("carol", at: nodes.second.url)
        return Load(nodes: [nodes.first, nodes.second], sender: sender, readers: readers)
    }

    /// What needs the database is refused while it is away, each thing in its own way.
    private static func expectRefusals(
        at nodes: TwoNodes, of device: API, and session: API
    ) async throws {
        let calls: [(method: String, path: String, body: JSON?)] = [
            ("GET", "/readyz", nil), ("GET", "/v1/account", nil), ("GET", "/v1/mailbox", nil),
            ("GET", "/v1/mailbox?wait=20", nil), ("GET", "/v1/mailbox/envelopes/1", nil),
            ("POST", "/v1/mailbox/ack", ["through": 1]), ("POST", "/v1/poll", ["mailbox": ["ack": ["through": 1]]]),
            ("POST", "/v1/accounts", ["handle": "frank", "password": "correct horse"]),
            ("POST", "/v1/sessions", ["handle": "carol", "password": "correct horse"]),
            ("POST", "/v1/accounts/bob/claims", ["request_id": .string(RandomID.make())]),
            ("DELETE", "/v1/mailboxes/bob.1/envelopes/\(RandomID.make())", nil), ("GET", "/v1/tokens", nil),
        ]
        let clock = ContinuousClock()
        for node in [nodes.first, nodes.second] {
            for call in calls {
                let start = clock.now
                let caller = call.path.contains("/mailbox") || call.path == "/v1/poll" ? device : session
                let answer = try await node.api(as: caller).call(call.method, call.path, json: call.body)
                #expect(
                    answer.status == 503 && answer.code == "unavailable" && answer.headers["retry-after"] != nil,
                    "\(call.method) \(call.path): \(answer.status) \(String(decoding: answer.bytes, as: UTF8.self))")
                #expect(clock.now - start < slowest)
            }
            #expect(try await node.api().call("GET", "/healthz").status == 200)
        }
    }
}
