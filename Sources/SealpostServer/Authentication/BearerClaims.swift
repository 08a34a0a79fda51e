import JWTKit
import SealpostCore
import SealpostStore

/// What an access token says.
struct AccessClaims: JWTPayload {
    static let audience = "sealpost-access"

    var iss: String
    var aud: String
    /// The account's number.
    var sub: Int64
    var handle: String
    var device: UInt32?
    var session: String
    /// When the owner last proved who they are, in milliseconds since 1970.
    var authenticated: Int64
    /// Seconds since 1970.
    var exp: Int64

    /// Nothing beyond the signature: expiry and audience are judged by `BearerTokens`, by its own clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}

/// What an API token says; made from its record alone, so that the same record gives the same text.
struct TokenClaims: JWTPayload {
    static let audience = "sealpost-token"

    var iss: String
    var aud: String
    var sub: Int64
    var handle: String
    var device: UInt32?
    var jti: String
    var scopes: [Scope]
    /// Milliseconds since 1970.
    var expires: Int64

    /// Nothing beyond the signature: expiry and audience are judged by `BearerTokens`, by its own clock.
    func verify(using algorithm: some JWTAlgorithm) {}
}

extension Principal {
    init?(_ claims: AccessClaims) {
        guard let handle = Handle(claims.handle), let session = RecordID(claims.session) else { return nil }
        self.init(
            account: AccountID(claims.sub), handle: handle, device: claims.device.flatMap { DeviceNumber($0) },
            credential: .session(session), scopes: Set(Scope.allCases),
            authenticated: Timestamp(milliseconds: claims.authenticated),
            expires: Timestamp(milliseconds: claims.exp * 1000))
    }

    init?(_ claims: TokenClaims) {
        guard let handle = Handle(claims.handle), let token = RecordID(claims.jti) else { return nil }
        self.init(
            account: AccountID(claims.sub), handle: handle, device: claims.device.flatMap { DeviceNumber($0) },
            credential: .token(token), scopes: Set(claims.scopes), authenticated: nil,
            expires: Timestamp(milliseconds: claims.expires))
    }
}
