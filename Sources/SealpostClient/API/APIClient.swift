import CurlKit
import Foundation
import SealpostCore

/// The server's HTTP interface, one typed method a route.
///
/// Keeps the session: sends its access token, and refreshes it when it is about to expire or the server says that it
/// has. A new session is handed to `store` before it is used, so that a token that the server counts as used is never
/// the only one on disk (the answer to a refresh can be had twice, so a crash in between locks nobody out).
public actor APIClient {
    /// The server's address, without a slash at its end.
    public nonisolated let server: String
    private let http: HTTPClient
    private let environment: ClientEnvironment
    private let store: @Sendable (SessionAnswer?) async throws(ClientError) -> Void
    private let refreshing = AsyncLock()
    private(set) var session: SessionAnswer?

    /// How long a request may take, not counting what it asks the server to wait.
    private static let timeout = Duration.seconds(30)
    /// A `Retry-After` up to this is waited for here, once; a longer one is the caller's business.
    private static let longestPause = Duration.seconds(5)

    /// - Parameters:
    ///   - server: `http://host:port` or `https://host`.
    ///   - store: makes a session durable (nil: it has ended); awaited before the session is used.
    init(
        server: String, session: SessionAnswer?, certificateAuthorityFile: String? = nil,
        environment: ClientEnvironment, store: @escaping @Sendable (SessionAnswer?) async throws(ClientError) -> Void
    ) throws(ClientError) {
        guard let url = URL(string: server), let scheme = url.scheme, ["http", "https"].contains(scheme),
            url.host() != nil, url.query == nil, url.fragment == nil
        else { throw .invalidArgument("\(server) is not the address of a server, as in https://mail.example.org") }
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        do {
            http = try HTTPClient(HTTPClient.Configuration(certificateAuthorityFile: certificateAuthorityFile))
        } catch {
            throw ClientError(error)
        }
        self.session = session
        self.environment = environment
        self.store = store
    }

    /// Ends what is under way.
    nonisolated func close() { http.close() }

    /// Takes over a session that another call has answered.
    func use(_ session: SessionAnswer) async throws(ClientError) {
        try await store(session)
        self.session = session
    }

    func forgetSession() async throws(ClientError) {
        try await store(nil)
        session = nil
    }
}

// MARK: One call

extension APIClient {
    /// Who makes a call.
    enum Caller {
        case nobody
        case session
    }

    /// Sends a call whose answer is JSON.
    func call<Answer: Decodable>(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, caller: Caller = .session, wait: Duration = .zero,
        answer: Answer.Type = Answer.self
    ) async throws(ClientError) -> Answer {
        let response = try await exchange(
            method, path, query: query, headers: headers, body: body, caller: caller, wait: wait)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(response.body))
        } catch {
            throw .unexpectedAnswer("\(method) \(path): \(Problem(decoding: error, of: Data(response.body)).detail)")
        }
    }

    /// Sends a call whose answer has no content.
    func perform(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil
    ) async throws(ClientError) {
        _ = try await exchange(method, path, headers: headers, body: body)
    }

    private func exchange(
        _ method: String, _ path: String, query: [(String, String)] = [], headers: [(name: String, value: String)] = [],
        body: (any Encodable & Sendable)? = nil, caller: Caller = .session, wait: Duration = .zero
    ) async throws(ClientError) -> Response {
        var request = Request(
            method: method, url: url(path, query), headers: headers, timeout: Self.timeout + wait)
        request.headers.append(("Accept", "application/json, application/problem+json"))
        if let body {
            request.headers.append(("Content-Type", "application/json"))
            request.body = try encode(body)
        }
        var pauses = 1
        var refreshes = 1
        while true {
            var attempt = request
            let token = caller == .session ? try await accessToken() : nil
            if let token { attempt.headers.append(("Authorization", "Bearer \(token)")) }
            let response = try await send(attempt)
            guard response.status >= 400 else { return response }
            let problem = Self.problem(response)
            switch problem.code {
            case .expiredToken, .invalidToken:
                guard token != nil, refreshes > 0 else { throw .refused(problem) }
                refreshes -= 1
                try await refresh(replacing: token)
            case .rateLimited, .unavailable:
                let pause = problem.retryAfter.map { Duration.seconds($0) }
                guard let pause, pause <= Self.longestPause, pauses > 0 else { throw .refused(problem) }
                pauses -= 1
                try await sleep(pause)
            default: throw .refused(problem)
            }
        }
    }

    private func send(_ request: Request) async throws(ClientError) -> Response {
        do {
            return try await http.send(request)
        } catch {
            throw ClientError(error)
        }
    }

    private func sleep(_ duration: Duration) async throws(ClientError) {
        do {
            try await environment.sleep(duration)
        } catch {
            throw .cancelled
        }
    }

    private func url(_ path: String, _ query: [(String, String)]) -> String {
        let text = query.map { "\($0)=\(Self.escaped($1))" }.joined(separator: "&")
        return server + path + (text.isEmpty ? "" : "?" + text)
    }

    /// Percent-encodes what is not unreserved in RFC 3986.
    static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? text
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    private func encode(_ body: any Encodable) throws(ClientError) -> [UInt8] {
        do {
            return Array(try JSONEncoder().encode(body))
        } catch {
            throw .invalidArgument("the request cannot be written as JSON")
        }
    }

    /// What an error answer says. What is not a problem of the catalogue (a proxy's page, say) is told by its status.
    private static func problem(_ response: Response) -> Problem {
        var problem: Problem
        do {
            problem = try JSONDecoder().decode(Problem.self, from: Data(response.body))
        } catch {
            let code: ErrorCode =
                switch response.status {
                case 404: .notFound
                case 413: .bodyTooLarge
                case 429: .rateLimited
                case 502, 503, 504: .unavailable
                default: .internalError
                }
            problem = Problem(code, "status \(response.status) without an explanation")
        }
        problem.retryAfter = response.headers["Retry-After"].flatMap { Int($0) }.map { max($0, 0) }
        return problem
    }
}

// MARK: The session

extension APIClient {
    /// The access token, refreshed before it expires.
    private func accessToken() async throws(ClientError) -> String {
        guard let session else { throw .signedOut }
        if session.expires <= environment.now() + .seconds(20) {
            try await refresh(replacing: session.accessToken)
        }
        guard let token = self.session?.accessToken else { throw .signedOut }
        return token
    }

    /// Gets a new access token unless someone else has since `used` was taken.
    private func refresh(replacing used: String?) async throws(ClientError) {
        try await refreshing.withLock { () throws(ClientError) in try await self.refreshUnlocked(replacing: used) }
    }

    private func refreshUnlocked(replacing used: String?) async throws(ClientError) {
        guard let session else { throw .signedOut }
        guard session.accessToken == used else { return }
        do {
            let answer: SessionAnswer = try await call(
                "POST", "/v1/sessions/refresh", body: RefreshRequest(refreshToken: session.refreshToken),
                caller: .nobody)
            environment.reached(.refreshAnswered)
            try await use(answer)
        } catch {
            guard case .refused(let problem) = error, problem.code.status == 401 else { throw error }
            try await forgetSession()
            throw .signedOut
        }
    }
}
