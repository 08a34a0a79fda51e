import SodiumKit

/// The key of one message.
package struct MessageKey: Sendable, Equatable {
    package let bytes: WipedBytes

    package init(_ bytes: WipedBytes) { self.bytes = bytes }

    /// The ciphertext, with its tag at the end.
    package func seal(
        _ plaintext: [UInt8], authenticating authenticated: [UInt8]
    ) throws(RatchetError) -> [UInt8] {
        let (key, nonce) = keyAndNonce()
        do {
            return try ChaCha20Poly1305.seal(plaintext, authenticating: authenticated, nonce: nonce, key: key)
        } catch {
            throw .authenticationFailed
        }
    }

    /// The plaintext; throws `authenticationFailed`.
    package func open(
        _ ciphertext: [UInt8], authenticating authenticated: [UInt8]
    ) throws(RatchetError) -> [UInt8] {
        let (key, nonce) = keyAndNonce()
        do {
            return try ChaCha20Poly1305.open(ciphertext, authenticating: authenticated, nonce: nonce, key: key)
        } catch {
            throw .authenticationFailed
        }
    }

    /// `HKDF(salt = 00×32, ikm = MK, info = "Sealpost_DR_msg", 44) = key 32 || nonce 12`.
    private func keyAndNonce() -> (key: WipedBytes, nonce: [UInt8]) {
        let output = HKDF.derive(salt: HKDF.zeroSalt, inputKey: bytes, info: "Sealpost_DR_msg", length: 44)
        return (output.part(0..<32), output.part(32..<44).exposedBytes())
    }
}
