import Foundation
import Testing

@testable import CurlKit

@Suite("TransferError", .timeLimit(.minutes(2)))
struct TransferErrorTests {
    @Test("a refused port: could not connect, surely not sent")
    func refused() async throws {
        let client = try HTTPClient()
        await expectFailure(.couldNotConnect, sent: false) {
            try await client.send(Request(method: "POST", url: "http://127.0.0.1:1/", body: [1]))
        }
    }

    @Test("a name that cannot be: could not resolve, surely not sent")
    func unresolvable() async throws {
        let client = try HTTPClient()
        let label = String(repeating: "a", count: 64)
        await expectFailure(.couldNotResolve, sent: false) {
            try await client.send(Request(url: "http://\(label).invalid/"))
        }
    }

    @Test("nobody accepts: the connect timeout, or the total one when it is shorter; surely not sent")
    func connectTimeout() async throws {
        let server = try await LocalServer(.deaf)
        let client = try HTTPClient()
        var request = server.request("GET", "/")
        request.connectTimeout = .milliseconds(50)
        await expectFailure(.timedOut(.connect), sent: false) { [request] in try await client.send(request) }
        request.connectTimeout = .seconds(60)
        request.timeout = .milliseconds(50)
        await expectFailure(.timedOut(.total), sent: false) { [request] in try await client.send(request) }
    }

    @Test("no answer in time: the total timeout, and it may have been sent")
    func totalTimeout() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        var request = server.request("GET", "/hang")
        request.timeout = .seconds(2)
        await expectFailure(.timedOut(.total), sent: true) { [request] in try await client.send(request) }
        try await server.waitUntil("hung-up", 1)
    }

    @Test("no free connection in time: the total timeout, surely not sent, and the one in front is not disturbed")
    func timeoutInTheQueue() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient(.init(maximumConnections: 1))
        let first = Task { try await client.send(server.request("GET", "/park/2")) }
        try await server.waitUntil("hanging", 1)
        var second = server.request("GET", "/echo")
        second.timeout = .milliseconds(100)
        await expectFailure(.timedOut(.total), sent: false) { [second] in try await client.send(second) }
        let waiting = Task { try await client.send(server.request("GET", "/echo")) }
        _ = try await HTTPClient().send(server.request("GET", "/park/2"))
        #expect(try await first.value.status == 200)
        #expect(try await waiting.value.status == 200)
    }

    @Test("the connection breaks before an answer, or in the middle of it: lost, and it may have been sent")
    func lost() async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        for path in ["/drop", "/short"] {
            await expectFailure(.connectionLost, sent: true) { try await client.send(server.request("GET", path)) }
        }
    }

    @Test("an answer that is not HTTP")
    func nonsense() async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        await expectFailure(.invalidResponse, sent: true) {
            try await client.send(server.request("GET", "/nonsense"))
        }
    }

    @Test("a body of exactly the limit is taken, one byte more is not", arguments: ["/bytes/2048", "/chunked/2"])
    func responseLimit(path: String) async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        var request = server.request("GET", path)
        request.maximumResponseBytes = 2048
        #expect(try await client.send(request).body.count == 2048)
        request.maximumResponseBytes = 2047
        await expectFailure(.responseTooLarge, sent: true) { [request] in try await client.send(request) }
        request.maximumResponseBytes = 0
        await expectFailure(.responseTooLarge, sent: true) { [request] in try await client.send(request) }
    }

    @Test("a header of 400 KiB is too large")
    func headerLimit() async throws {
        let server = try await LocalServer.shared()
        let client = try HTTPClient()
        await expectFailure(.responseTooLarge, sent: true) {
            try await client.send(server.request("GET", "/long-header"))
        }
    }

    @Test(
        "a request that would not stay what it is",
        arguments: [
            Request(url: "http://127.0.0.1:1/a b"), Request(url: "http://127.0.0.1:1/\r\nX: y"), Request(url: ""),
            Request(url: "ftp://127.0.0.1:1/"), Request(url: "file:///etc/hostname"), Request(url: "http://[/"),
            Request(method: "GET /x", url: "http://127.0.0.1:1/"), Request(method: "", url: "http://127.0.0.1:1/"),
            Request(method: "HEAD", url: "http://127.0.0.1:1/", body: []),
            Request(url: "http://127.0.0.1:1/", headers: [("A", "b\r\nC: d")]),
            Request(url: "http://127.0.0.1:1/", headers: [("A:", "b")]),
            Request(url: "http://127.0.0.1:1/", headers: [("", "b")]),
            Request(url: "http://127.0.0.1:1/", headers: [("A", "b\0")]),
        ])
    func invalid(request: Request) async throws {
        let client = try HTTPClient()
        await expectFailure(.invalidRequest, sent: false) { try await client.send(request) }
    }

    @Test("errors name host and port at most")
    func noSecretInText() async throws {
        let client = try HTTPClient()
        let request = Request(
            method: "PUT", url: "http://user:hunter2@127.0.0.1:1/secret-path?secret-query",
            headers: [("Authorization", "secret-token")], body: Array("secret-body".utf8))
        let error = await #expect(throws: TransferError.self) { try await client.send(request) }
        let text = try #require(error).description
        #expect(text.contains("couldNotConnect"))
        #expect(!text.contains("secret") && !text.contains("hunter2"))
    }
}

@Suite("HTTPClient over TLS", .timeLimit(.minutes(2)))
struct TLSTests {
    @Test("an unknown authority and a wrong name are refused, the right file and name are taken")
    func verification() async throws {
        let certificate = try await Certificate()
        defer { certificate.remove() }
        let server = try await LocalServer(.tls(certificate: certificate.certificate, key: certificate.key))
        let untrusting = try HTTPClient()
        await expectFailure(.tls, sent: false) { try await untrusting.send(server.request("GET", "/echo")) }
        let trusting = try HTTPClient(
            .init(version: .negotiated, certificateAuthorityFile: certificate.certificate.path))
        let body = Array(repeating: UInt8(7), count: 300_000)
        #expect(try await trusting.send(server.request("PUT", "/echo", body: body)).body == body)
        await expectFailure(.tls, sent: false) {
            try await trusting.send(Request(url: server.url("/echo", host: "localhost")))
        }
    }

    @Test("a file of authorities that is not there")
    func missingFile() async throws {
        let client = try HTTPClient(.init(certificateAuthorityFile: "/nonexistent.pem"))
        let server = try await LocalServer.shared()
        await expectFailure(.tls, sent: false) {
            try await client.send(Request(url: "https://127.0.0.1:\(server.port)/"))
        }
    }
}
