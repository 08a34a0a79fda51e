import CurlKit
import Foundation
import SealpostTesting
import Testing

/// `docs/nginx.conf`, as it is printed but for names and places, before two nodes.
@Suite struct NginxTests {
    @Test func aPollAtOneNodeIsWokenByADepositAtTheOther() async throws {
        let site = try await Site()
        let bob = try await site.bob()
        let carol = try await API.register("carol", at: site.first.url)
        let clock = ContinuousClock()
        for round in 1...4 {
            let start = clock.now
            async let poll = bob.call("GET", "/v1/mailbox?wait=55&after=\(round - 1)")
            // nginx takes the deposit to the node that has less to do.
            try await site.untilUnderWay(1)
            let deposit = try await site.api(token: carol.token).deposit(
                "round \(round)", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
            let answer = try await poll
            #expect(answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("round \(round)"))
            #expect(clock.now - start < .seconds(30))
        }
        // One to which nobody writes is answered by the node, not by nginx.
        let quiet = try await bob.call("GET", "/v1/mailbox?wait=3&after=4")
        #expect(quiet.status == 200 && quiet.json["envelopes"] == .array([]))
    }

    @Test func noDepositIsLostWhenANodeIsKilled() async throws {
        let site = try await Site()
        let bob = try await site.bob()
        let token = try await API.register("carol", at: site.first.url).token
        // Both nodes have connections that nginx keeps, and requests under way, when one of them dies.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 1...4 {
                group.addTask {
                    let carol = try site.api(token: token)
                    for number in 1...15 {
                        let answer = try await carol.deposit("\(sender)/\(number)", to: "bob.1", id: RandomID.make())
                        // 200: it was stored before the node died, and nginx asked the other one again.
                        #expect([200, 201].contains(answer.status))
                        if sender == 1, number == 5 { await site.second.kill() }
                    }
                }
            }
            try await group.waitForAll()
        }
        let texts = try await bob.mailbox().map { $0["content"].bytes }
        let sent = (1...4).flatMap { sender in (1...15).map { Foreign.envelope("\(sender)/\($0)") } }
        #expect(texts.count == 60)
        #expect(Set(texts) == Set(sent))
    }

    @Test func aClientThatLeavesFreesItsPoll() async throws {
        let site = try await Site()
        let bob = try await site.bob()
        let (plain, modern) = (try site.client(.http1), try site.client(.negotiated))
        for (http, closes) in [(plain, false), (plain, true), (modern, true)] {
            let leaving = API(bob.url, token: bob.token, http: http)
            let poll = Task { try await leaving.call("GET", "/v1/mailbox?wait=55&after=0") }
            // nginx takes it to the node by then.
            try await site.untilUnderWay(1)
            let before = try await site.connections()
            if closes { http.close() } else { poll.cancel() }
            await #expect(throws: (any Error).self) { try await poll.value }
            // A node has a connection until what was asked there is over, also when nginx has closed it.
            try await until { try await site.connections() < before }
        }
    }

    @Test func whatNginxRefusesAndWhatItPassesOn() async throws {
        let site = try await Site()
        let api = try site.api()
        let named = try await api.call("GET", "/v1/account", headers: ["X-Request-Id": "from-the-client-1"])
        #expect(named.status == 401 && named.headers["X-Request-Id"] == "from-the-client-1")
        #expect(try await api.call("GET", "/v1/account").headers["X-Request-Id"]?.count == 32)
        // Beyond 4 MiB the service refuses, in its own words.
        let large = try await api.call(
            "PUT", "/v1/mailboxes/bob.1/envelopes/\(RandomID.make())",
            bytes: [UInt8](repeating: 1, count: 4 * 1024 * 1024 + 1))
        #expect([401, 413].contains(large.status) && large.code != nil)
        // Twenty at once, then one a minute.
        var statuses: [Int] = []
        for _ in 1...21 { statuses.append(try await api.call("POST", "/v1/accounts", json: [:]).status) }
        #expect(statuses.dropLast().allSatisfy { $0 != 429 })
        #expect(statuses.last == 429)
    }
}

/// nginx before two nodes on a database.
private final class Site: Sendable {
    let first: Service
    let second: Service
    private let folder: Folder
    private let nginx: Companion
    private let url: String
    /// Where nginx tells what it does.
    private let status: API

    init() async throws {
        first = try await Service.start(database: try await PostgresCluster.shared.createDatabase())
        second = try await first.another()
        folder = try Folder()
        let (port, statusPort) = (try FreePort.find(), try FreePort.find())
        status = try API("http://127.0.0.1:\(statusPort)")
        url = "https://localhost:\(port)"
        try await Self.makeCertificate(in: folder)

        var site = try String(contentsOfFile: Binary.repository + "/docs/nginx.conf", encoding: .utf8)
        for (printed, here) in [
            ("10.0.0.11:8080", "127.0.0.1:\(first.port)"), ("10.0.0.12:8080", "127.0.0.1:\(second.port)"),
            ("listen 443 ", "listen 127.0.0.1:\(port) "), ("mail.example", "localhost"),
            ("/etc/ssl/sealpost", folder.path),
        ] {
            guard site.contains(printed) else { throw Failure("docs/nginx.conf has no \(printed)") }
            site.replace(printed, with: here)
        }
        try site.write(toFile: folder.file("site.conf"), atomically: true, encoding: .utf8)
        // What a system has around it. One process, which is us: what it writes is all in the folder.
        let main = """
            daemon off; master_process off; pid nginx.pid; error_log stderr;
            events { worker_connections 1000; }
            http {
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                include site.conf;
                server {
                    listen 127.0.0.1:\(statusPort);
                    location / { stub_status; }
                }
            }
            """
        try main.write(toFile: folder.file("nginx.conf"), atomically: true, encoding: .utf8)
        nginx = try Companion("nginx", ["-p", folder.path, "-c", folder.file("nginx.conf"), "-e", "stderr"])
        // From now on all connections of the nodes are nginx's.
        try await until { try await connections() == 0 }
        let api = try self.api()
        try await nginx.ready { try await api.call("GET", "/readyz").status == 200 }
    }

    /// A client that trusts the certificate.
    func client(_ version: HTTPClient.Configuration.Version = .negotiated) throws -> HTTPClient {
        try HTTPClient(.init(version: version, certificateAuthorityFile: folder.file("fullchain.pem")))
    }

    func api(token: String? = nil) throws -> API { API(url, token: token, http: try client()) }

    /// A device's mailbox, through nginx.
    func bob() async throws -> API {
        var profile = Profile("bob", in: folder, server: url)
        profile.environment["SEALPOST_CA_FILE"] = folder.file("fullchain.pem")
        try await profile.json("register", "bob")
        let token = try await profile.json("token", "create", "test", "--scopes", "mailbox")
        return try api(token: token.first?["token"].string)
    }

    /// Waits until nginx has so many requests at the nodes.
    func untilUnderWay(_ count: Int) async throws {
        try await until {
            let text = String(decoding: try await status.call("GET", "/").bytes, as: UTF8.self)
            // The question is one of them.
            return text.firstMatch(of: #/Writing: (\d+)/#).flatMap { Int($0.1) } == count + 1
        }
    }

    /// How many connections the nodes have, with those that only the other side has closed.
    func connections() async throws -> Int {
        let ports = [first.port, second.port].map { String($0, radix: 16, uppercase: true) }
        let (established, closeWait) = ("01", "08")
        // Foundation believes the size that such a file says it has.
        let table = try Program("/bin/cat", ["/proc/net/tcp"])
        guard await table.end() == .exited(0) else { throw Failure(table.errors.text) }
        var count = 0
        for line in table.output.text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ").map(String.init)
            let isOurs = ports.contains { fields[1].hasSuffix(":" + $0) }
            if isOurs, [established, closeWait].contains(fields[3]) { count += 1 }
        }
        return count
    }

    private static func makeCertificate(in folder: Folder) async throws {
        let command = """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -keyout privkey.pem -out fullchain.pem
            """
        let openssl = try Program("/bin/sh", ["-c", command], folder: folder.path)
        guard await openssl.end() == .exited(0) else { throw Failure("openssl: \(openssl.errors.text)") }
    }
}
