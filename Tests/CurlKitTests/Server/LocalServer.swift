import Foundation
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
    static func shared() throws -> LocalServer {
        try sharedServer.get()
    }

    private static let sharedServer = Result { try LocalServer() }

    let port: Int
    private let scheme: String
    // The server ends when this end of its standard input is closed, however the test process ends.
    private let lifeline: FileHandle

    init(_ kind: Kind = .plain) throws {
        let process = Process()
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "server.py").path
        process.executableURL = URL(filePath: "/usr/bin/env")
        switch kind {
        case .plain: process.arguments = ["python3", script, "plain"]
        case .tls(let certificate, let key): process.arguments = ["python3", script, "tls", certificate.path, key.path]
        case .deaf: process.arguments = ["python3", script, "deaf"]
        }
        scheme = if case .tls = kind { "https" } else { "http" }
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        lifeline = input.fileHandleForWriting
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.last != 0x0A {
            let count = read(output.fileHandleForReading.fileDescriptor, &byte, 1)
            // A signal (some child of the process ended) is no reason to stop.
            guard count > 0 || count < 0 && errno == EINTR else { break }
            if count > 0 { line.append(byte) }
        }
        port = try #require(Int(String(decoding: line.dropLast(), as: UTF8.self)))
    }

    deinit {
        try? lifeline.close()
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
