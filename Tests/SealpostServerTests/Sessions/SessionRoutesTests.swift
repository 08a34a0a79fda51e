import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct SessionRoutesTests {
    private func refresh(_ token: String, on server: TestServer) async throws -> Answer {
        try await server.send("POST", "/v1/sessions/refresh", RefreshRequest(refreshToken: token))
    }

    @Test func aRefreshedSessionLivesOnAndALostAnswerIsGivenAgain() async throws {
        try await TestServer.run { server in
            let first = try await server.register("alice").session
            server.clock.advance(by: .hours(1))
            let second = try await refresh(first.refreshToken, on: server).read(SessionAnswer.self)
            #expect(second.id == first.id)
            #expect(second.refreshToken != first.refreshToken)
            #expect(try await server.send("GET", "/v1/account", token: second.accessToken).status == 200)
            // The answer was lost: the old one once more gives the same refresh token.
            let again = try await refresh(first.refreshToken, on: server).read(SessionAnswer.self)
            #expect(again.refreshToken == second.refreshToken)
        }
    }

    @Test func anOlderRefreshTokenEndsTheSession() async throws {
        try await TestServer.run { server in
            let first = try await server.register("alice").session
            let second = try await refresh(first.refreshToken, on: server).read(SessionAnswer.self)
            let third = try await refresh(second.refreshToken, on: server).read(SessionAnswer.self)
            #expect(try await refresh(first.refreshToken, on: server).problem?.code == .invalidToken)
            #expect(try await refresh(third.refreshToken, on: server).problem?.code == .invalidToken)
            let access = try await server.send("GET", "/v1/account", token: third.accessToken)
            #expect(access.problem?.code == .invalidToken)
        }
    }

    @Test func aRefreshTokenThatIsNotOursIsRefused() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            var bytes = try #require(Base64URL.decode(session.refreshToken))
            bytes[23] += 1
            for text in [Base64URL.encode(bytes), "", "x", session.accessToken, String(repeating: "A", count: 10_000)] {
                let problem = try await refresh(text, on: server).problem
                #expect(problem?.code == .invalidToken)
            }
        }
    }

    @Test func aSessionEndsForGoodAfterItsAbsoluteLife() async throws {
        try await TestServer.run { server in
            let session = try await server.register("alice").session
            #expect(session.ends == server.clock.now + Limits.sessionLife)
            server.clock.advance(by: Limits.sessionLife)
            #expect(try await refresh(session.refreshToken, on: server).problem?.code == .invalidToken)
        }
    }

    @Test func sessionsAreListedAndEnded() async throws {
        try await TestServer.run { server in
            let first = try await server.register("alice").session
            let second = try await server.send(
                "POST", "/v1/sessions", json: #"{"handle":"alice","password":"correct horse"}"#
            ).read(SessionAnswer.self)
            let list = try await server.send("GET", "/v1/sessions", token: second.accessToken)
            let sessions = try list.read(SessionsAnswer.self).sessions
            #expect(Set(sessions.map(\.id)) == [first.id, second.id])
            #expect(sessions.filter(\.current).map(\.id) == [second.id])

            func end(_ id: String) async throws -> Answer {
                try await server.send("DELETE", "/v1/sessions/\(id)", token: second.accessToken)
            }
            #expect(try await end(first.id).status == 204)
            #expect(try await end(first.id).problem?.code == .notFound)
            #expect(try await end("nonsense").problem?.code == .notFound)
            let ended = try await server.send("GET", "/v1/account", token: first.accessToken)
            #expect(ended.problem?.code == .invalidToken)
            #expect(try await end("current").status == 204)
            #expect(try await end("current").problem?.code == .invalidToken)
        }
    }

    @Test func anotherAccountsSessionCannotBeEnded() async throws {
        try await TestServer.run { server in
            let alice = try await server.register("alice").session
            let bob = try await server.register("bob").session
            let answer = try await server.send("DELETE", "/v1/sessions/\(alice.id)", token: bob.accessToken)
            #expect(answer.problem?.code == .notFound)
            #expect(try await server.send("GET", "/v1/account", token: alice.accessToken).status == 200)
        }
    }
}
