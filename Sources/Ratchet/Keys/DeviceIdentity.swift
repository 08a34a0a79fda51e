import SealpostFormats
import SodiumKit

/// A device's identity key: signs its prekeys and its sign-ins, and takes part in handshakes; never signs messages.
package struct DeviceIdentity: ~Copyable, Sendable {
    private let signing: Ed25519.SigningKey
    let agreement: X25519.PrivateKey

    /// A new random identity.
    package init() {
        signing = Ed25519.SigningKey()
        agreement = signing.agreementKey()
    }

    /// The identity of a seed (32 bytes).
    package init(seed: consuming SecretBytes) throws(SodiumError) {
        signing = try Ed25519.SigningKey(seed: seed)
        agreement = signing.agreementKey()
    }

    /// Ed25519, 32 bytes.
    package var publicKey: [UInt8] { signing.publicKey }

    /// A copy of the seed, for what goes into a sealed record.
    package borrowing func seed() -> SecretBytes { signing.seed.copy() }

    /// Proof for `POST /v1/sessions`.
    package borrowing func loginProof(challenge: [UInt8], handle: String, number: UInt32) -> [UInt8] {
        signing.sign(SignedBytes.loginProof(challenge: challenge, handle: handle, number: number))
    }

    /// Proof for `POST /v1/devices`.
    package borrowing func deviceProof(challenge: [UInt8], handle: String) -> [UInt8] {
        signing.sign(SignedBytes.deviceProof(challenge: challenge, handle: handle))
    }

    borrowing func signedPrekey(id: UInt32, key: [UInt8]) -> SignedPrekey {
        SignedPrekey(id: id, key: key, signature: signing.sign(SignedBytes.signedPrekey(key)))
    }

    borrowing func kemPrekey(id: UInt32, key: [UInt8]) -> KEMPrekey {
        KEMPrekey(id: id, key: key, signature: signing.sign(SignedBytes.kemPrekey(key)))
    }

    borrowing func sealingKey(id: UInt32, created: UInt64, key: [UInt8]) -> SealingKey {
        let message = SignedBytes.sealingKey(id: id, created: created, publicKey: key)
        return SealingKey(id: id, created: created, key: key, signature: signing.sign(message))
    }
}
