import Logging
import SealpostCore
import SealpostDelivery
import SealpostStore

/// What the routes work with.
package struct Dependencies: Sendable {
    package let store: any MailStore
    package let mail: MailService
    package let listed: ListedDevices
    package let lifecycle: Lifecycle
    package let clock: ServerClock
    package let tokens: BearerTokens
    package let refreshTokens: RefreshTokens
    package let challenges: Challenges
    package let passwords: PasswordPool
    package let limiter: RateLimiter
    package let registration: RegistrationPolicy

    /// A session's tokens, for the answers that give out a session.
    package func answer(for session: Session) async throws -> SessionAnswer {
        let access = try await tokens.accessToken(for: session)
        return SessionAnswer(
            id: session.id.description, handle: session.handle, device: session.device, accessToken: access.text,
            expires: access.expires, refreshToken: refreshTokens.text(session: session.id, number: session.current),
            ends: session.ends)
    }

    /// Makes what was just revoked end at once on this node. If the log cannot be read now the regular reader does it.
    package func revocationsChanged(_ logger: Logger) async {
        do {
            try await mail.revocationsChanged()
        } catch {
            logger.warning("The revocation log could not be read", metadata: ["error": "\(error)"])
        }
    }
}
