import HTTPTypes
import Hummingbird
import SealpostCore

/// One method of one path: who may call it, which query parameters it takes, and what it does.
package final class Endpoint: Sendable {
    /// Who may call an endpoint. Checked before anything of the request but its headers is read.
    package enum Access: Sendable, Hashable {
        /// Anyone; an `Authorization` header is not looked at.
        case open
        /// A session; no API token.
        case session
        /// A session that began no longer ago than `Limits.freshness`.
        case freshSession
        /// A session, or an API token with the scope.
        case scope(Scope)
    }

    package let method: HTTPRequest.Method
    /// As in OpenAPI: `/v1/accounts/{handle}`.
    package let path: String
    /// The names between braces, in order.
    let parameterNames: [String]
    package let access: Access
    /// The query parameters that it takes; others are refused by name.
    package let query: Set<String>
    let action: Action

    enum Action: Sendable {
        case open(@Sendable (Call) async throws -> Response)
        case secured(@Sendable (Call, Principal) async throws -> Response)
    }

    /// An endpoint for anyone.
    package init(
        _ method: HTTPRequest.Method, _ path: String, query: Set<String> = [],
        open action: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.method = method
        self.path = path
        parameterNames = Self.parameterNames(in: path)
        self.query = query
        access = .open
        self.action = .open(action)
    }

    /// An endpoint for those who show a bearer that `access` lets in.
    package init(
        _ method: HTTPRequest.Method, _ path: String, _ access: Access, query: Set<String> = [],
        action: @escaping @Sendable (Call, Principal) async throws -> Response
    ) {
        precondition(access != .open, "an endpoint with a principal is not open")
        self.method = method
        self.path = path
        parameterNames = Self.parameterNames(in: path)
        self.query = query
        self.access = access
        self.action = .secured(action)
    }
}

extension Endpoint {
    private static func parameterNames(in path: String) -> [String] {
        path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    /// Answers a request that is for this endpoint.
    func respond(to arrival: Arrival, authenticator: Authenticator) async throws -> Response {
        switch action {
        case .open(let action):
            return try await action(call(arrival))
        case .secured(let action):
            let principal = try await authenticator.principal(of: arrival.request.headers)
            try principal.check(access, now: authenticator.clock.now())
            return try await action(call(arrival), principal)
        }
    }

    @inline(never)
    private func call(_ arrival: Arrival) throws -> Call {
        Call(arrival, query: try Query(arrival.request.uri.query, allowed: query))
    }
}
