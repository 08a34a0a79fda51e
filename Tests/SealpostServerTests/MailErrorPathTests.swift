import Foundation
import HTTPTypes
import SealpostCore
import SealpostServer
import SodiumKit
import Testing

/// What every endpoint has in common, tried at every endpoint.
@Suite("Error paths of every endpoint")
struct MailErrorPathTests {
    /// A path with something valid for each parameter.
    private static func path(_ endpoint: Endpoint) -> String {
        endpoint.path
            .replacing("{handle}", with: "bob").replacing("{address}", with: "bob.1")
            .replacing("{id}", with: "YV9kZXBvc2l0X2lkXzE2Yg").replacing("{device}", with: "1")
            .replacing("{seq}", with: "1")
    }

    private static func takesJSON(_ endpoint: Endpoint) -> Bool {
        endpoint.method != .get && endpoint.method != .delete && !endpoint.path.hasPrefix("/v1/mailboxes")
            && endpoint.path != "/v1/sessions/challenge"
    }

    /// Every endpoint, and a listed device of bob's.
    private static func run(
        _ body: @escaping @Sendable (MailTestServer, MailTestCaller, [Endpoint]) async throws -> Void
    ) async throws {
        try await MailTestServer.run { server in
            let bob = try await MailTestAccount("bob", on: server)
            let caller = try await bob.registerListed(MailTestDevice())[0]
            try await body(server, caller, SealpostApp.endpoints(server.app.parts))
        }
    }

    @Test func withoutAGoodTokenTheAnswerIs401() async throws {
        try await Self.run { server, caller, endpoints in
            let expired = MailTestCaller(server: server, token: caller.token)
            let secured = endpoints.filter { $0.access != .open }
            #expect(secured.count > 25)
            for endpoint in secured {
                let (method, path) = (endpoint.method.rawValue, Self.path(endpoint))
                let missing = try await server.stranger.send(method, path)
                #expect(missing.code == .unauthenticated, "\(method) \(path)")
                #expect(missing.header("WWW-Authenticate") == "Bearer")
                #expect(missing.header("X-Request-Id") != nil)
                let wrong = MailTestCaller(server: server, token: "wrong")
                #expect(try await wrong.send(method, path).code == .invalidToken, "\(method) \(path)")
                let forged = MailTestCaller(server: server, token: caller.token.map { $0.dropLast(2) + "AA" })
                #expect(try await forged.send(method, path).code == .invalidToken, "\(method) \(path)")
                let basic = try await server.stranger.send(method, path, headers: [("Authorization", "Basic eDp5")])
                #expect(basic.code == .invalidHeader, "\(method) \(path)")
            }
            server.clock.advance(by: Limits.accessLife + .seconds(1))
            for endpoint in secured {
                let (method, path) = (endpoint.method.rawValue, Self.path(endpoint))
                #expect(try await expired.send(method, path).code == .expiredToken, "\(method) \(path)")
            }
        }
    }

    @Test func anUnknownParameterIsNamed() async throws {
        try await Self.run { _, caller, endpoints in
            for endpoint in endpoints {
                let (method, path) = (endpoint.method.rawValue, Self.path(endpoint))
                let answer = try await caller.send(method, path + "?nonsense=1")
                #expect(answer.code == .unknownParameter, "\(method) \(path)")
                #expect(answer.problem?.member == "nonsense")
            }
        }
    }

    @Test func aBodyThatIsNotJSONIsRefused() async throws {
        try await Self.run { _, caller, endpoints in
            let bodies: [(body: [UInt8], code: ErrorCode)] = [
                ([], .malformedJSON), (Array("{".utf8), .malformedJSON), (Array("{} {}".utf8), .malformedJSON),
                (Array("nil".utf8), .malformedJSON), ([0x7b, 0, 0x7d, 0], .malformedJSON),
                ([0x7b, 0x22, 0xff, 0x22, 0x7d], .invalidUTF8), (Array("[]".utf8), .invalidMember),
                (Array("\"text\"".utf8), .invalidMember), (Array("null".utf8), .invalidMember),
                (Array("{\"nonsense\":1}".utf8), .unknownMember),
            ]
            for endpoint in endpoints where Self.takesJSON(endpoint) {
                let (method, path) = (endpoint.method.rawValue, Self.path(endpoint))
                for (body, code) in bodies {
                    let answer = try await caller.send(method, path, body: body, type: "application/json")
                    #expect(answer.code == code, "\(method) \(path) \(String(decoding: body, as: UTF8.self))")
                }
                let typed = try await caller.send(method, path, body: Array("{}".utf8), type: "text/plain")
                #expect(typed.code == .unsupportedMediaType, "\(method) \(path)")
            }
        }
    }

    @Test func aBodyThatIsTooLargeIsRefused() async throws {
        try await Self.run { _, caller, endpoints in
            let body = [UInt8](repeating: 0x20, count: Limits.bodyBytes + 1)
            for endpoint in endpoints where Self.takesJSON(endpoint) {
                let (method, path) = (endpoint.method.rawValue, Self.path(endpoint))
                let answer = try await caller.send(method, path, body: body, type: "application/json")
                #expect(answer.code == .bodyTooLarge, "\(method) \(path)")
            }
        }
    }

    @Test func anotherMethodIsNotAllowedAndAnotherPathIsNotFound() async throws {
        try await Self.run { _, caller, endpoints in
            let methods = Dictionary(grouping: endpoints, by: \.path).mapValues { Set($0.map(\.method)) }
            for (path, known) in methods {
                let endpoint = try #require(endpoints.first { $0.path == path })
                for method in [HTTPRequest.Method.get, .put, .post, .patch, .delete] where !known.contains(method) {
                    let answer = try await caller.send(method.rawValue, Self.path(endpoint))
                    #expect(answer.code == .methodNotAllowed, "\(method) \(path)")
                    let allow = try #require(answer.header("Allow"))
                    #expect(known.allSatisfy { allow.contains($0.rawValue) })
                }
            }
            for path in ["/", "/v1", "/v1/nonsense", "/v1/mailbox/ack/1"] {
                #expect(try await caller.get(path).code == .notFound, "\(path)")
            }
        }
    }
}
