import SealpostFormats
import SodiumKit

/// An account's key: signs its device lists and, when the password is forgotten, one sign-in.
package struct AccountKey: ~Copyable, Sendable {
    private let signing: Ed25519.SigningKey

    /// A new random key.
    package init() { signing = Ed25519.SigningKey() }

    /// The key of a seed (32 bytes).
    package init(seed: consuming SecretBytes) throws(SodiumError) {
        signing = try Ed25519.SigningKey(seed: seed)
    }

    /// Ed25519, 32 bytes.
    package var publicKey: [UInt8] { signing.publicKey }

    /// A copy of the seed, for what goes into a sealed record.
    package borrowing func seed() -> SecretBytes { signing.seed.copy() }

    /// The seed outside protected memory, for the recovery blob.
    borrowing func exposedSeed() -> [UInt8] { signing.seed.exposedBytes() }

    /// The signature of a device list that names this key.
    package borrowing func sign(_ list: DeviceList) throws(RatchetError) -> [UInt8] {
        guard list.accountKey == publicKey else { throw .wrongIdentity }
        return signing.sign(list.encoded())
    }

    /// Proof for a sign-in without a password.
    package borrowing func signInProof(challenge: [UInt8], handle: String) -> [UInt8] {
        signing.sign(SignedBytes.accountSignIn(challenge: challenge, handle: handle))
    }
}
