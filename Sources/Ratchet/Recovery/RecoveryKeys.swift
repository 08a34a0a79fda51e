import SealpostFormats
import SodiumKit

/// What a recovery code gives for one handle: the key of the blob, and what makes the server hand it out.
package struct RecoveryKeys: Sendable {
    static let blobVersion: UInt8 = 0x01
    private let handle: String
    private let key: WipedBytes
    /// Shown to the server to get the blob, 32 bytes.
    package let fetch: WipedBytes

    init(handle: String, key: WipedBytes, fetch: WipedBytes) {
        self.handle = handle
        self.key = key
        self.fetch = fetch
    }

    /// SHA-256 of `fetch`: what the server keeps beside the blob.
    package var fetchHash: [UInt8] { SHA256.hash(fetch.exposedBytes()) }

    /// `01 || nonce 24 || XChaCha20-Poly1305(key, AK seed, AD = "SealpostRecovery" || str(handle))`.
    package func seal(_ accountKey: borrowing AccountKey) throws(RatchetError) -> [UInt8] {
        do {
            let seed = accountKey.exposedSeed()
            return try [Self.blobVersion]
                + XChaCha20Poly1305.seal(seed, authenticating: authenticated, key: key)
        } catch {
            throw .authenticationFailed
        }
    }

    /// The account key in a blob; throws `authenticationFailed` if the code is another one.
    package func open(_ blob: [UInt8]) throws(RatchetError) -> AccountKey {
        guard let version = blob.first else { throw .format(.truncated) }
        guard version == Self.blobVersion else { throw .format(.unknownVersion(version)) }
        do {
            let seed = try XChaCha20Poly1305.open(
                Array(blob.dropFirst()), authenticating: authenticated, key: key)
            return try AccountKey(seed: SecretBytes(copying: seed))
        } catch {
            throw .authenticationFailed
        }
    }

    private var authenticated: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: "SealpostRecovery")
        bytes.append(shortString: handle)
        return bytes
    }
}
