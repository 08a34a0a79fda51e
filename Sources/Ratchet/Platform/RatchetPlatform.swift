import SodiumKit

/// What the protocol takes from its surroundings: randomness, ML-KEM-1024 and X-Wing. Static, so that it works in
/// Embedded Swift; Linux has `NativePlatform`.
package protocol RatchetPlatform: Sendable {
    static func random(_ count: Int) -> WipedBytes
    /// The ML-KEM-1024 encapsulation key of a seed `d || z` (64 bytes).
    static func kemPublicKey(seed: WipedBytes) throws(RatchetError) -> [UInt8]
    static func kemEncapsulate(to publicKey: [UInt8]) throws(RatchetError) -> KEMEncapsulation
    /// The shared secret; for a ciphertext that was made for another key some other secret (FIPS 203).
    static func kemDecapsulate(_ ciphertext: [UInt8], seed: WipedBytes) throws(RatchetError) -> WipedBytes
    /// The X-Wing encapsulation key of a seed (32 bytes).
    static func sealingPublicKey(seed: WipedBytes) throws(RatchetError) -> [UInt8]
}

extension RatchetPlatform {
    static func newAgreementKey() throws(RatchetError) -> X25519.PrivateKey {
        do { return try X25519.PrivateKey(random(X25519.keyLength)) } catch { throw .invalidAgreementKey }
    }
}

/// What encapsulation gives: the secret, and what makes the owner of the private key find it.
package struct KEMEncapsulation: Sendable {
    package let ciphertext: [UInt8]
    package let sharedSecret: WipedBytes

    package init(ciphertext: [UInt8], sharedSecret: WipedBytes) {
        self.ciphertext = ciphertext
        self.sharedSecret = sharedSecret
    }
}
