#if !hasFeature(Embedded)
import Crypto
import SealpostFormats
import SodiumKit

/// libsodium's randomness, swift-crypto's ML-KEM-1024 and X-Wing.
package enum NativePlatform: RatchetPlatform {
    package static func random(_ count: Int) -> WipedBytes { WipedBytes(random: count) }

    package static func kemPublicKey(seed: WipedBytes) throws(RatchetError) -> [UInt8] {
        do {
            return Array(try privateKey(seed).publicKey.rawRepresentation)
        } catch {
            throw .invalidKEMKey
        }
    }

    package static func kemEncapsulate(to publicKey: [UInt8]) throws(RatchetError) -> KEMEncapsulation {
        do {
            let result = try MLKEM1024.PublicKey(rawRepresentation: publicKey).encapsulate()
            return KEMEncapsulation(
                ciphertext: Array(result.encapsulated), sharedSecret: secret(result.sharedSecret))
        } catch {
            throw .invalidKEMKey
        }
    }

    package static func kemDecapsulate(
        _ ciphertext: [UInt8], seed: WipedBytes
    ) throws(RatchetError) -> WipedBytes {
        do {
            return secret(try privateKey(seed).decapsulate(ciphertext))
        } catch {
            throw .invalidKEMKey
        }
    }

    package static func sealingPublicKey(seed: WipedBytes) throws(RatchetError) -> [UInt8] {
        do {
            let key = try XWingMLKEM768X25519.PrivateKey(seedRepresentation: seed.exposedBytes(), publicKey: nil)
            return Array(key.publicKey.rawRepresentation)
        } catch {
            throw .invalidKEMKey
        }
    }

    private static func privateKey(_ seed: WipedBytes) throws -> MLKEM1024.PrivateKey {
        try MLKEM1024.PrivateKey(seedRepresentation: seed.exposedBytes(), publicKey: nil)
    }

    private static func secret(_ key: SymmetricKey) -> WipedBytes {
        key.withUnsafeBytes { bytes in WipedBytes(count: bytes.count) { $0.copyMemory(from: bytes) } }
    }
}
#endif
