import Foundation
import SealpostTesting
import Testing

@testable import CurlKit

/// A server of its own for a test, in a process of its own; ends with the test.
final class LocalServer: Sendable {
    enum Kind {
        case plain
        case tls(certificate: URL, key: URL)
        /// Connecting neither succeeds nor fails.
        case deaf
    }

    /// What the server saw.
    struct Seen: Decodable, Equatable {
        var accepted: Int
        var requests: Int
        var hanging: Int
        var hungUp: Int
    }

    /// One for all tests to which it does not matter what else it sees.
    static func shared() async throws -> LocalServer {
        try await sharedServer.value
    }

    private static let sharedServer = Task { try await LocalServer() }

    let port: Int
    private let scheme: String
    private let program: Program

    init(_ kind: Kind = .plain) async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "server.py").path
        let arguments =
            switch kind {
            case .plain: ["plain"]
            case .tls(let certificate, let key): ["tls", certificate.path, key.path]
            case .deaf: ["deaf"]
            }
        scheme = if case .tls = kind { "https" } else { "http" }
        // The server ends with its standard input.
        program = try Program(
            "/usr/bin/env", ["python3", script] + arguments, input: .kept, limit: .seconds(600))
        let line = await program.output.nextLine()
        port = try #require(line.flatMap { Int($0) }, "\(program.errors.text)")
    }

    func url(_ path: String, host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    func request(_ method: String = "GET", _ path: String, body: [UInt8]? = nil) -> Request {
        Request(method: method, url: url(path), body: body)
    }

    /// Returns once the server has counted up to `count`: `requests`, `hanging` or `hung-up`.
    func waitUntil(_ what: String, _ count: Int) async throws {
        let client = try HTTPClient()
        _ = try await client.send(request("GET", "/wait/\(what)/\(count)"))
    }

    func seen(by client: HTTPClient) async throws -> Seen {
        try JSONDecoder().decode(Seen.self, from: Data(try await client.send(request("GET", "/seen")).body))
    }
}
