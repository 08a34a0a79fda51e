import Foundation
import Testing

@testable import CurlKit

@Suite("HTTPClient", .timeLimit(.minutes(2)))
struct HTTPClientTests {
    @Test("a body comes back as it was sent", arguments: [0, 1, 1024, 100_000, 4 * 1024 * 1024])
    func echo(count: Int) async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let response = try await client.send(server.request("PUT", "/echo", body: body))
        #expect(response.status == 200)
        #expect(response.body == body)
    }

    @Test("requests one after the other use one connection")
    func keepAlive() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        for _ in 0..<10 {
            _ = try await client.send(server.request("POST", "/echo", body: [1, 2, 3]))
        }
        let seen = try await server.seen(by: client)
        #expect(seen == .init(accepted: 1, requests: 11, hanging: 0, hungUp: 0))
    }

    @Test("the request is what was asked for, and nothing that says more", arguments: ["GET", "DELETE", "PUT", "POST"])
    func requestAsAsked(method: String) async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        var request = server.request(method, "/request", body: method == "PUT" ? [1, 2] : nil)
        request.headers = [("X-One", "1"), ("X-Empty", ""), ("x-two", "a, b")]
        let response = try await client.send(request)
        let seen = try JSONDecoder().decode(SeenRequest.self, from: Data(response.body))
        var headers = [
            ["Host", "127.0.0.1:\(server.port)"], ["Accept", "*/*"], ["X-One", "1"], ["X-Empty", ""],
            ["x-two", "a, b"],
        ]
        if method == "PUT" { headers.append(["Content-Length", "2"]) }
        if method == "POST" { headers.append(["Content-Length", "0"]) }
        #expect(seen.method == method)
        #expect(Set(seen.headers) == Set(headers))
        #expect(seen.body == (method == "PUT" ? 2 : 0))
    }

    @Test("the answer to HEAD has no body and leaves the connection usable")
    func head() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        #expect(try await client.send(server.request("HEAD", "/request")).body.isEmpty)
        #expect(try await server.seen(by: client).accepted == 1)
    }

    @Test("redirects and errors are answers", arguments: [204, 302, 404, 503])
    func status(code: Int) async throws {
        let server = try await LocalServer.shared()
        let response = try await HTTPClient().send(server.request("GET", "/status/\(code)"))
        #expect(response.status == code)
        #expect(response.headers["LOCATION"] == "/echo")
    }

    @Test("headers keep every value, are found in any case, and are not those of interim answers or trailers")
    func headers() async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        let headers = try await client.send(server.request("GET", "/headers")).headers
        #expect(headers["x-MANY"] == "one")
        #expect(headers.all("X-Many") == ["one", "two"])
        #expect(headers["X-Empty"] == "")
        #expect(headers["X-Colon"] == "a:b")
        #expect(headers["Link"] == nil)
        #expect(headers.fields.map(\.name) == ["Content-Length", "X-Many", "x-many", "X-Empty", "X-Colon"])
        let chunked = try await client.send(server.request("GET", "/chunked/3"))
        #expect(chunked.body == Array(repeating: UInt8(ascii: "y"), count: 3072))
        #expect(chunked.headers["Late"] == nil)
    }

    @Test("500 requests at a time are parked and answered on as many connections, which are used again")
    func manyAtATime() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        for round in 1...2 {
            let woken = try await sendMany(server.request("GET", "/park/\(500 * round)"), count: 500, client)
            #expect(woken == 500)
        }
        let seen = try await server.seen(by: client)
        #expect(seen == .init(accepted: 500, requests: 1001, hanging: 1000, hungUp: 0))
    }

    @Test("no more connections than allowed are opened, and the rest wait their turn", arguments: [true, false])
    func limitedConnections(perHost: Bool) async throws {
        let server = try await LocalServer()
        let client = try HTTPClient(
            .init(maximumConnectionsPerHost: perHost ? 3 : nil, maximumConnections: perHost ? nil : 3))
        #expect(try await sendMany(server.request("GET", "/bytes/5"), count: 100, client) == 100)
        #expect(try await server.seen(by: client).accepted == 3)
    }

    @Test("a proxy that the environment names is used only when asked for")
    func proxyFromEnvironment() async throws {
        // In a process of its own: the environment belongs to all tests.
        await #expect(processExitsWith: .success) {
            setenv("http_proxy", "http://127.0.0.1:1", 1)
            let server = try await LocalServer()
            #expect(try await HTTPClient().send(server.request("GET", "/echo")).status == 200)
            let client = try HTTPClient(.init(usesProxyFromEnvironment: true))
            await expectFailure(.couldNotConnect, sent: false) { try await client.send(server.request("GET", "/echo")) }
        }
    }

    @Test("a closed client refuses, and closing it twice is harmless")
    func closed() async throws {
        let client = try HTTPClient()
        client.close()
        client.close()
        await expectFailure(.closed, sent: false) { try await client.send(Request(url: "http://127.0.0.1:1/")) }
    }

    @Test("closing ends what is under way, its connection and the thread")
    func closingWhileBusy() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        let task = Task { try await client.send(server.request("GET", "/hang")) }
        try await server.waitUntil("hanging", 1)
        client.close()
        await expectFailure(.closed, sent: true) { try await task.value }
        try await server.waitUntil("hung-up", 1)
    }
}

private struct SeenRequest: Decodable {
    var method: String
    var headers: [[String]]
    var body: Int
}
