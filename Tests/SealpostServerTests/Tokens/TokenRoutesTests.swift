import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct TokenRoutesTests {
    private func body(_ server: TestServer, name: String = "cron", scopes: String = #""account""#) -> String {
        #"{"name":"\#(name)","scopes":[\#(scopes)],"expires":"\#(server.clock.now + .days(30))"}"#
    }

    private func make(
        _ server: TestServer, _ session: SessionAnswer, _ json: String, key: String? = nil
    ) async throws -> Answer {
        try await server.send(
            "POST", "/v1/tokens", token: session.accessToken,
            headers: key.map { [("Idempotency-Key", $0)] } ?? [], json: json)
    }

    @Test func anIDIsNoOptionAtAShell() {
        #expect(!(0..<2000).contains { _ in RecordID.random().description.hasPrefix("-") })
    }

    @Test func aTokenIsRecognisableWorksInItsScopesAndIsShownOnce() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let answer = try await make(server, session, body(server))
            #expect(answer.status == 201)
            let token = try answer.read(TokenAnswer.self)
            let text = try #require(token.token)
            #expect(text.hasPrefix("sealpost_"))
            #expect(try await server.send("GET", "/v1/account", token: text).status == 200)

            let listed = try await server.send("GET", "/v1/tokens", token: session.accessToken)
            #expect(try listed.read(TokensAnswer.self).tokens.map(\.id) == [token.id])
            #expect(!listed.text.contains(text))

            for (method, path) in [("GET", "/v1/sessions"), ("GET", "/v1/tokens"), ("DELETE", "/v1/account")] {
                #expect(try await server.send(method, path, token: text).problem?.code == .insufficientScope)
            }
            let other = try await make(server, session, body(server, scopes: #""rooms:read""#)).read(TokenAnswer.self)
            let refused = try await server.send("GET", "/v1/account", token: other.token)
            #expect(refused.problem?.code == .insufficientScope)
        }
    }

    @Test func theSameIdempotencyKeyGivesTheSameTokenAgain() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let json = body(server)
            let first = try await make(server, session, json, key: "k-1").read(TokenAnswer.self)
            let second = try await make(server, session, json, key: "k-1").read(TokenAnswer.self)
            #expect(first == second)
            let third = try await make(server, session, json, key: "k-2").read(TokenAnswer.self)
            #expect(third.id != first.id)
            let other = try await make(server, session, body(server, name: "other"), key: "k-1")
            #expect(other.problem?.code == .idConflict)
            for key in [String(repeating: "k", count: 65), "a b"] {
                let problem = try await make(server, session, json, key: key).problem
                #expect(problem?.code == .invalidHeader)
                #expect(problem?.member == "Idempotency-Key")
            }
        }
    }

    @Test func aTokenEndsWithItsExpiryAndWithItsRevocation() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let expiring = try await make(server, session, body(server)).read(TokenAnswer.self)
            let revoked = try await make(server, session, body(server)).read(TokenAnswer.self)
            let path = "/v1/tokens/\(revoked.id)"
            #expect(try await server.send("DELETE", path, token: session.accessToken).status == 204)
            #expect(try await server.send("DELETE", path, token: session.accessToken).problem?.code == .notFound)
            let refused = try await server.send("GET", "/v1/account", token: revoked.token)
            #expect(refused.problem?.code == .invalidToken)
            #expect(try await server.send("GET", "/v1/account", token: expiring.token).status == 200)
            server.clock.advance(by: .days(30))
            let expired = try await server.send("GET", "/v1/account", token: expiring.token)
            #expect(expired.problem?.code == .expiredToken)
        }
    }

    @Test func aBadMemberIsRefusedByName() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let (now, end) = (server.clock.now, server.clock.now + .days(1))
            let cases: [(String, ErrorCode, String?)] = [
                (#"{"name":"","scopes":["account"],"expires":"\#(end)"}"#, .invalidMember, "name"),
                (#"{"name":"a\u0007","scopes":["account"],"expires":"\#(end)"}"#, .invalidMember, "name"),
                (#"{"name":"a","scopes":[],"expires":"\#(end)"}"#, .invalidMember, "scopes"),
                (#"{"name":"a","scopes":["account","account"],"expires":"\#(end)"}"#, .invalidMember, "scopes"),
                (#"{"name":"a","scopes":["root"],"expires":"\#(end)"}"#, .invalidMember, "scopes[0]"),
                (#"{"name":"a","scopes":["account"],"expires":"tomorrow"}"#, .invalidMember, "expires"),
                (#"{"name":"a","scopes":["account"],"expires":"\#(now)"}"#, .invalidMember, "expires"),
                (#"{"name":"a","scopes":["account"],"expires":"\#(now + .days(401))"}"#, .invalidMember, "expires"),
                (#"{"name":"a","scopes":["account"]}"#, .missingMember, "expires"),
                (#"{"name":"a","scopes":["mailbox"],"expires":"\#(end)"}"#, .noDevice, nil),
            ]
            for (json, code, member) in cases {
                let problem = try await make(server, session, json).problem
                #expect(problem?.code == code, "\(json)")
                #expect(problem?.member == member, "\(json)")
            }
        }
    }

    @Test func anotherAccountsTokenCannotBeRevoked() async throws {
        try await TestServer.run { server in
            let alice = try await server.register("alice").session
            let bob = try await server.register("bob").session
            let token = try await make(server, alice, body(server)).read(TokenAnswer.self)
            let answer = try await server.send("DELETE", "/v1/tokens/\(token.id)", token: bob.accessToken)
            #expect(answer.problem?.code == .notFound)
            let nonsense = try await server.send("DELETE", "/v1/tokens/%20", token: bob.accessToken)
            #expect(nonsense.problem?.code == .notFound)
            #expect(try await server.send("GET", "/v1/account", token: token.token).status == 200)
        }
    }
}
