import CurlKit
import FoundationEssentials
import SealpostCore
import SealpostStore
import SealpostTesting
import ServiceLifecycle

@testable import SealpostServer

/// A whole server on a free port of its own, with a clock that stands still.
struct TestServer: Sendable {
    let app: SealpostApp
    let clock: ManualClock
    let url: String
    let client: HTTPClient
    let group: ServiceGroup

    /// Runs a server around `body`, and stops it gracefully.
    static func run<Result: Sendable>(
        _ configure: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @Sendable (TestServer) async throws -> Result
    ) async throws -> Result {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.dataFolder = folder.path(of: "data")
        configuration.passwordProfile = .minimal
        configuration.logLevel = .critical
        configure(&configuration)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let app = try await SealpostApp.build(
            configuration: configuration, clock: ServerClock { clock.now }, onListening: { port.yield($0) })
        let group = app.leavingGroup()
        let client = try HTTPClient()
        defer { client.close() }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { port.finish() }
                try await group.run()
            }
            guard let number = await ports.first(where: { _ in true }) else {
                try await tasks.waitForAll()
                throw NotStarted()
            }
            let server = TestServer(
                app: app, clock: clock, url: "http://127.0.0.1:\(number)", client: client, group: group)
            do {
                let result = try await body(server)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                return result
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
        }
    }

    struct NotStarted: Error {}
}

// MARK: - Requests

/// An answer, with readers for what tests ask.
struct Answer: Sendable {
    let status: Int
    let headers: Headers
    let body: [UInt8]

    /// The problem that was answered; nil if this is no well-formed one.
    var problem: Problem? {
        guard headers["Content-Type"] == Problem.contentType,
            let problem = try? JSONDecoder().decode(Problem.self, from: Data(body)),
            problem.status == status, problem.status == problem.code.status
        else { return nil }
        return problem
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    func read<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(body))
    }
}

extension TestServer {
    func send(
        _ method: String, _ path: String, token: String? = nil, headers: [(name: String, value: String)] = [],
        bytes: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = headers
        if let token {
            headers.append(("Authorization", "Bearer \(token)"))
        }
        let response = try await client.send(
            Request(method: method, url: url + path, headers: headers, body: bytes))
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }

    /// Sends a JSON body as text.
    func send(
        _ method: String, _ path: String, token: String? = nil, headers: [(name: String, value: String)] = [],
        json: String
    ) async throws -> Answer {
        let type = (name: "Content-Type", value: "application/json")
        return try await send(method, path, token: token, headers: headers + [type], bytes: Array(json.utf8))
    }

    /// Sends a value as JSON.
    func send(
        _ method: String, _ path: String, token: String? = nil, headers: [(name: String, value: String)] = [],
        _ value: some Encodable
    ) async throws -> Answer {
        let json = String(decoding: try AnswerEncoding.encode(value), as: UTF8.self)
        return try await send(method, path, token: token, headers: headers, json: json)
    }

    static let password = "correct horse"

    /// Registers an account and signs it in.
    func register(_ handle: String, email: String? = nil, accountKey: [UInt8]? = nil) async throws -> RegisterAnswer {
        let answer = try await send(
            "POST", "/v1/accounts",
            RegisterRequest(
                handle: try word(handle), password: Self.password, accountKey: accountKey.map { Base64($0) },
                email: email))
        return try answer.read()
    }

    func challenge() async throws -> [UInt8] {
        let answer = try await send("POST", "/v1/sessions/challenge")
        return try answer.read(ChallengeAnswer.self).challenge.bytes
    }

    /// The account's number in the store.
    func account(_ handle: String) async throws -> AccountID {
        guard let account = try await app.parts.store.account(named: try word(handle)) else { throw NotStarted() }
        return account.id
    }

    func word<Word: TextCodable>(_ text: String) throws -> Word {
        guard let word = Word(text) else { throw NotStarted() }
        return word
    }
}
