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
        let principal = try await tokens.verify(try Self.bearer(in: headers))
        try check(principal)
        return principal
    }

    // Not inlined, as `bearer`: what they compute with would otherwise lie in the frames of every parked poll.
    @inline(never)
    private func check(_ principal: Principal) throws(Problem) {
        switch revocations.check(principal.bearer) {
        case .valid: break
        case .revoked: throw Problem(.invalidToken, "the token was revoked")
        case .stale:
            throw Problem(.unavailable, "it cannot be told right now whether the token was revoked", retryAfter: 2)
        }
    }

    @inline(never)
    private static func bearer(in headers: HTTPFields) throws(Problem) -> String {
        guard let header = try headers.single(.authorization) else {
            throw Problem(.unauthenticated, "send Authorization: Bearer with an access token or an API token")
        }
        guard let token = bearer(in: header) else {
            throw Problem(.invalidHeader, "Authorization must be: Bearer TOKEN", member: "Authorization")
        }
        return String(token)
    }

    /// What follows the scheme. Looked at byte by byte: this is on every request's way.
    private static func bearer(in header: String) -> Substring? {
        let scheme = header.utf8.prefix { $0 != UInt8(ascii: " ") }
        let token = header.utf8[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
        guard Substring(scheme).lowercased() == "bearer", !token.isEmpty, !token.contains(UInt8(ascii: " ")) else {
            return nil
        }
        return Substring(token)
    }
}
