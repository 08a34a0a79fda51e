import Crypto
import FoundationEssentials
import JWTKit
import SealpostCore
import SealpostStore

/// Signs and verifies access tokens (JWT, HS256) and API tokens (a prefix and a JWT for another audience).
package struct BearerTokens: Sendable {
    /// How API tokens begin, so that people and scanners recognise one that leaked.
    package static let tokenPrefix = "sealpost_"
    static let issuer = "sealpost"

    private let access: JWTKeyCollection
    private let api: JWTKeyCollection
    private let currentKey: JWKIdentifier
    private let clock: ServerClock
    private let verified: GenerationCache<String, Principal>

    /// - Parameter cached: how many verified tokens are remembered.
    package init(keys: ServerKeys, clock: ServerClock, cached: Int = 50_000) async {
        access = await Self.collection(keys, \.access)
        api = await Self.collection(keys, \.token)
        currentKey = JWKIdentifier(string: keys.current.id)
        self.clock = clock
        verified = GenerationCache(capacity: cached)
    }

    // MARK: Signing

    /// A session's access token and when it expires.
    package func accessToken(for session: Session) async throws -> (text: String, expires: Timestamp) {
        // Whole seconds, as JWT counts; never past the session's own end.
        let end = min(clock.now() + Limits.accessLife, session.ends).seconds
        let claims = AccessClaims(
            iss: Self.issuer, aud: AccessClaims.audience, sub: session.account.value,
            handle: session.handle.description, device: session.device?.value, session: session.id.description,
            authenticated: session.authenticated.milliseconds, exp: end)
        return (try await access.sign(claims, kid: currentKey), Timestamp(milliseconds: end * 1000))
    }

    /// The text of an API token: the same for the same record.
    package func text(of token: APIToken) async throws -> String {
        let claims = TokenClaims(
            iss: Self.issuer, aud: TokenClaims.audience, sub: token.account.value, handle: token.handle.description,
            device: token.device?.value, jti: token.id.description, scopes: token.scopes,
            expires: token.expires.milliseconds)
        return Self.tokenPrefix + (try await api.sign(claims, kid: currentKey))
    }

    // MARK: Verifying

    /// Who a bearer's text speaks for. Whether it was revoked is not known here.
    package func verify(_ text: String) async throws(Problem) -> Principal {
        let principal: Principal
        if let known = verified[text] {
            principal = known
        } else {
            principal = try await read(text)
            verified[text] = principal
        }
        guard clock.now() < principal.expires else {
            throw Problem(.expiredToken, "refresh the session, or make a new API token")
        }
        return principal
    }

    private func read(_ text: String) async throws(Problem) -> Principal {
        do {
            if text.hasPrefix(Self.tokenPrefix) {
                let claims = try await api.verify(String(text.dropFirst(Self.tokenPrefix.count)), as: TokenClaims.self)
                guard claims.iss == Self.issuer, claims.aud == TokenClaims.audience else { throw Self.invalid }
                return try Self.require(Principal(claims))
            }
            let claims = try await access.verify(text, as: AccessClaims.self)
            guard claims.iss == Self.issuer, claims.aud == AccessClaims.audience else { throw Self.invalid }
            return try Self.require(Principal(claims))
        } catch {
            // What exactly is wrong with a token is nobody's business but its maker's.
            throw Self.invalid
        }
    }

    private static func require(_ principal: Principal?) throws -> Principal {
        guard let principal else { throw invalid }
        return principal
    }

    private static var invalid: Problem { Problem(.invalidToken, "the token is not one that this service made") }

    // MARK: Keys

    private static func collection(
        _ keys: ServerKeys, _ use: KeyPath<ServerKeys.Set, SymmetricKey> & Sendable
    ) async -> JWTKeyCollection {
        let collection = JWTKeyCollection()
        let encoder = JSONEncoder()
        // The same claims must give the same text, in every process.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let serializer = DefaultJWTSerializer(jsonEncoder: encoder)
        for set in keys.all {
            await collection.add(
                hmac: HMACKey(key: set[keyPath: use]), digestAlgorithm: .sha256,
                kid: JWKIdentifier(string: set.id), serializer: serializer)
        }
        return collection
    }
}
