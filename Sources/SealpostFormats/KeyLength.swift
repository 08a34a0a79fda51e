/// Lengths in bytes of everything that has a fixed one.
package enum KeyLength {
    package static let ed25519PublicKey = 32
    package static let ed25519Seed = 32
    package static let ed25519Signature = 64
    package static let x25519PublicKey = 32
    package static let x25519PrivateKey = 32
    /// ML-KEM-1024 encapsulation key (FIPS 203).
    package static let kemPublicKey = 1568
    package static let kemCiphertext = 1568
    package static let kemSharedSecret = 32
    /// FIPS 203 `d || z`, swift-crypto's seed representation.
    package static let kemSeed = 64
    /// X-Wing encapsulation key: ML-KEM-768 and X25519.
    package static let sealingPublicKey = 1216
    package static let sealingSeed = 32
    package static let sealingCiphertext = 1120
    package static let sha256 = 32
    package static let sha512 = 64
    package static let challenge = 32
    /// Poly1305 tag at the end of every ciphertext.
    package static let tag = 16
}
