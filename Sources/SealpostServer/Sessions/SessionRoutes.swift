import Hummingbird
import SealpostCore
import SealpostStore

/// Signing in, refreshing, listing and ending sessions.
struct SessionRoutes: Sendable {
    let parts: Dependencies

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/sessions", open: SignIn(parts: parts).respond),
            Endpoint(.post, "/v1/sessions/challenge", open: challenge),
            Endpoint(.post, "/v1/sessions/refresh", open: refresh),
            Endpoint(.get, "/v1/sessions", .session, action: list),
            Endpoint(.delete, "/v1/sessions/{id}", .session, action: end),
        ]
    }

    @Sendable private func challenge(_ call: Call) async throws -> Response {
        let (challenge, expires) = parts.challenges.make()
        return try .json(ChallengeAnswer(challenge: Base64(challenge), expires: expires))
    }

    @Sendable private func refresh(_ call: Call) async throws -> Response {
        let request = try await call.body(RefreshRequest.self)
        guard let (session, number) = parts.refreshTokens.read(request.refreshToken) else {
            throw Problem(.invalidToken, "the refresh token is not one that this service made", member: "refresh_token")
        }
        switch try await parts.store.refreshSession(session, number: number) {
        case .refreshed(let session):
            return try .json(try await parts.answer(for: session))
        case .reused:
            await parts.revocationsChanged(call.logger)
            throw Problem(
                .invalidToken, "the refresh token was used before: the session is ended, sign in again",
                member: "refresh_token")
        case .unknown:
            throw Problem(.invalidToken, "the session has ended: sign in again", member: "refresh_token")
        }
    }

    @Sendable private func list(_ call: Call, _ principal: Principal) async throws -> Response {
        let sessions = try await parts.store.sessions(of: principal.account).map { session in
            SessionsAnswer.Session(
                id: session.id.description, device: session.device, created: session.created,
                lastUsed: session.lastUsed, ends: session.ends, current: session.id == principal.session)
        }
        return try .json(SessionsAnswer(sessions: sessions))
    }

    @Sendable private func end(_ call: Call, _ principal: Principal) async throws -> Response {
        let text = try call.pathText("id")
        let id = text == "current" ? principal.session : RecordID(text)
        guard let id, try await parts.store.endSession(id, of: principal.account) else {
            throw Problem(.notFound, "the account has no such session")
        }
        await parts.revocationsChanged(call.logger)
        return .nothing
    }
}
