import CurlKit
import Foundation
import SealpostCore
import SealpostTesting

@testable import SealpostServer

/// A whole server on a free port, without rate limits unless asked for.
struct MailTestServer: Sendable {
    let base: TestServer
    let port: Int

    var app: SealpostApp { base.app }
    var clock: ManualClock { base.clock }

    static func run(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (MailTestServer) async throws -> Void
    ) async throws {
        try await TestServer.run {
            $0.rates.registrations.perHour = 0
            $0.rates.failedSignIns.perHour = 0
            $0.rates.failedSignInsAnywhere.perHour = 0
            $0.rates.claims.perHour = 0
            configure(&$0)
        } _: { base in
            guard let port = URL(string: base.url)?.port else { throw TestServer.NotStarted() }
            try await body(MailTestServer(base: base, port: port))
        }
    }

    /// A caller without a token.
    var stranger: MailTestCaller { MailTestCaller(server: self, token: nil) }
}

/// Somebody who makes requests.
struct MailTestCaller: Sendable {
    let server: MailTestServer
    var token: String?

    /// Sends a request with a body as it is.
    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        type: String? = nil
    ) async throws -> MailTestAnswer {
        var headers = headers
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let type { headers.append(("Content-Type", type)) }
        let response = try await server.base.client.send(
            CurlKit.Request(
                method: method, url: server.base.url + path, headers: headers, body: body, timeout: .seconds(60)))
        return MailTestAnswer(response: response)
    }

    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> MailTestAnswer {
        try await send("GET", path, headers: headers)
    }

    func delete(_ path: String) async throws -> MailTestAnswer { try await send("DELETE", path) }

    /// Sends JSON.
    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], json: some Encodable
    ) async throws -> MailTestAnswer {
        try await send(
            method, path, headers: headers, body: Array(try JSONEncoder().encode(json)), type: "application/json")
    }

    /// Sends JSON as it is written, for what no type of ours would encode.
    func send(_ method: String, _ path: String, text: String) async throws -> MailTestAnswer {
        try await send(method, path, body: Array(text.utf8), type: "application/json")
    }
}

struct MailTestAnswer: Sendable {
    let response: CurlKit.Response

    var status: Int { response.status }
    var body: [UInt8] { response.body }
    var text: String { String(decoding: body, as: UTF8.self) }

    func header(_ name: String) -> String? { response.headers[name] }

    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    /// The error, if that is what it is: by its media type, and consistent in itself.
    var problem: Problem? {
        guard header("Content-Type") == Problem.contentType,
            let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)), problem.status == status,
            problem.title == problem.code.title, status == problem.code.status
        else { return nil }
        return problem
    }

    var code: ErrorCode? { problem?.code }
}
