/// What a key derived from the keyring is for; each purpose has a key of its own.
package enum KeyPurpose: String, CaseIterable, Sendable {
    /// XChaCha20-Poly1305 over columns that are sealed at rest.
    case seal
    /// Finds an account by its e-mail address without storing the address.
    case emailLookup = "email-lookup"
    /// Makes the names of deposits and claims, so that the store's rows name no depositor.
    case depositorLookup = "depositor-lookup"
    /// HS256 under access tokens.
    case accessToken = "access-token"
    /// The MAC of refresh tokens.
    case refreshToken = "refresh-token"
    /// The MAC of login challenges.
    case challenge
    /// The signature of API tokens.
    case apiToken = "api-token"
    /// Tells a key from others of the same id, where several nodes must have the same keyring.
    case keyFingerprint = "key-fingerprint"

    /// What goes into the derivation; part of the format, never to be changed.
    var label: String { "sealpost keyring 1 " + rawValue }
}
