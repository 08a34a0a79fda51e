import CSodium

/// ChaCha20-Poly1305 (RFC 8439). Its nonces are short: derive them, or use a key once.
package enum ChaCha20Poly1305 {
    package static let keyLength = 32
    package static let nonceLength = 12
    package static let tagLength = 16

    /// Ciphertext with the tag at its end.
    ///
    /// - Parameters:
    ///   - authenticated: bytes that are not in the ciphertext but must be the same when it is opened.
    ///   - nonce: 12 bytes, never used twice with a key
    package static func seal(
        _ plaintext: [UInt8], authenticating authenticated: [UInt8], nonce: [UInt8],
        key: borrowing some SecretMaterial & ~Copyable
    ) throws(SodiumError) -> [UInt8] {
        Sodium.start()
        try requireLength(key, keyLength)
        try requireLength(nonce, nonceLength)
        return key.withBytes { key in
            newBytes(plaintext.count + tagLength) { buffer in
                // Fails for no input of these lengths.
                _ = crypto_aead_chacha20poly1305_ietf_encrypt(
                    buffer, nil, plaintext, UInt64(plaintext.count), authenticated,
                    UInt64(authenticated.count), nil, nonce, key)
            }
        }
    }

    /// The plaintext of what `seal` made with the same key, nonce and authenticated bytes; throws
    /// `authenticationFailed` for anything else.
    package static func open(
        _ ciphertext: [UInt8], authenticating authenticated: [UInt8], nonce: [UInt8],
        key: borrowing some SecretMaterial & ~Copyable
    ) throws(SodiumError) -> [UInt8] {
        Sodium.start()
        try requireLength(key, keyLength)
        try requireLength(nonce, nonceLength)
        guard ciphertext.count >= tagLength else { throw .authenticationFailed }
        var isAuthentic = false
        let plaintext = key.withBytes { key in
            [UInt8](unsafeUninitializedCapacity: ciphertext.count - tagLength) { buffer, initialized in
                isAuthentic =
                    crypto_aead_chacha20poly1305_ietf_decrypt(
                        UnsafeMutableRawBufferPointer(buffer).bytes, nil, nil, ciphertext, UInt64(ciphertext.count),
                        authenticated,
                        UInt64(authenticated.count), nonce, key) == 0
                initialized = isAuthentic ? ciphertext.count - tagLength : 0
            }
        }
        guard isAuthentic else { throw .authenticationFailed }
        return plaintext
    }
}
