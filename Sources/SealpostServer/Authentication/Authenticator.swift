import HTTPTypes
import SealpostCore
import SealpostDelivery

/// Finds out who calls, from the bearer alone: no database is read (P7).
package struct Authenticator: Sendable {
    let tokens: BearerTokens
    let clock: ServerClock
    let revocations: RevocationTable

    package init(tokens: BearerTokens, clock: ServerClock, revocations: RevocationTable) {
        self.tokens = tokens
        self.clock = clock
        self.revocations = revocations
    }

    /// The caller, or a `Problem` that says what is wrong with the `Authorization` header.
    package func principal(of headers: HTTPFields) async throws -> Principal {
        guard let header = try headers.single(.authorization) else {
            throw Problem(.unauthenticated, "send Authorization: Bearer with an access token or an API token")
        }
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Problem(.invalidHeader, "Authorization must be: Bearer TOKEN", member: "Authorization")
        }
        let principal = try await tokens.verify(String(parts[1]))
        switch revocations.check(principal.bearer) {
        case .valid: return principal
        case .revoked: throw Problem(.invalidToken, "the token was revoked")
        case .stale:
            throw Problem(.unavailable, "it cannot be told right now whether the token was revoked", retryAfter: 2)
        }
    }
}
