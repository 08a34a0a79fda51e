import SealpostFormats

/// libsodium behind the seam of SealpostFormats.
package enum SodiumFormatCrypto: FormatCrypto, SafetyNumberHash {
    package static func isValidSignature(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        Ed25519.isValidSignature(signature, of: message, by: publicKey)
    }

    package static func isValidPublicKey(_ publicKey: [UInt8]) -> Bool { Ed25519.isValidPublicKey(publicKey) }

    package static func sha256(_ bytes: [UInt8]) -> [UInt8] { SHA256.hash(bytes) }

    package static func sha512(_ bytes: [UInt8]) -> [UInt8] { SHA512.hash(bytes) }
}
