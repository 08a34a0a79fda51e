import HTTPTypes
import SealpostCore
import SealpostDelivery
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct AuthenticatorTests {
    @Test func withoutATokenNothingIsShown() async throws {
        try await TestServer.run { server in
            let answer = try await server.send("GET", "/v1/account")
            #expect(answer.problem?.code == .unauthenticated)
            #expect(answer.headers["WWW-Authenticate"] == "Bearer")
        }
    }

    @Test func anAuthorizationHeaderOfAnotherShapeIsRefusedByName() async throws {
        try await TestServer.run { server in
            for value in ["Basic YTpi", "Bearer", "Bearer a b", "sealpost_x"] {
                let problem = try await server.send("GET", "/v1/account", headers: [("Authorization", value)]).problem
                #expect(problem?.code == .invalidHeader, "\(value)")
                #expect(problem?.member == "Authorization")
            }
            let twice = try await server.send(
                "GET", "/v1/account", headers: [("Authorization", "Bearer a"), ("Authorization", "Bearer b")])
            #expect(twice.problem?.code == .invalidHeader)
        }
    }

    @Test func aTokenThatThisServerDidNotMakeIsRefused() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let parts = session.accessToken.split(separator: ".").map(String.init)
            let none = Base64URL.encode(Array(#"{"alg":"none","typ":"JWT"}"#.utf8))
            let forged = [
                "x", "..", "sealpost_x", session.refreshToken, "sealpost_" + session.accessToken,
                "\(none).\(parts[1]).", "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))",
                session.accessToken + "x",
            ]
            for token in forged {
                let problem = try await server.send("GET", "/v1/account", token: token).problem
                #expect(problem?.code == .invalidToken, "\(token)")
            }
        }
        // Another server has other keys.
        let token = try await TestServer.run { try await $0.register("alice").session.accessToken }
        try await TestServer.run { server in
            _ = try await server.register("alice")
            #expect(try await server.send("GET", "/v1/account", token: token).problem?.code == .invalidToken)
        }
    }

    @Test func anAccessTokenExpiresAlsoWhenItWasSeenBefore() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            #expect(try await server.send("GET", "/v1/account", token: session.accessToken).status == 200)
            server.clock.advance(by: Limits.accessLife)
            let answer = try await server.send("GET", "/v1/account", token: session.accessToken)
            #expect(answer.problem?.code == .expiredToken)
        }
    }

    @Test func theSchemeIsReadWithoutCase() async throws {
        try await TestServer.run { server in
            let token = try await server.register("alice").session.accessToken
            let answer = try await server.send(
                "GET", "/v1/account", headers: [("Authorization", "bearer  \(token)")])
            #expect(answer.status == 200)
        }
    }

    @Test func anEndedSessionIsRefusedThoughItsTokenIsStillGood() async throws {
        try await TestServer.run { server in
            let token = try await server.register("alice").session.accessToken
            #expect(try await server.send("DELETE", "/v1/sessions/current", token: token).status == 204)
            #expect(try await server.send("GET", "/v1/account", token: token).problem?.code == .invalidToken)
        }
    }

    @Test func whileTheRevocationLogCannotBeReadNoBearerIsTaken() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            let authenticator = Authenticator(
                tokens: server.app.parts.tokens, clock: .system, revocations: RevocationTable())
            do {
                _ = try await authenticator.principal(of: [.authorization: "Bearer \(session.accessToken)"])
                Issue.record("a bearer was taken that could have been revoked")
            } catch {
                #expect((error as? Problem)?.code == .unavailable)
            }
        }
    }
}
