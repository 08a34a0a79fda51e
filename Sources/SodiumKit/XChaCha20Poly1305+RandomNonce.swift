extension XChaCha20Poly1305 {
    /// `nonce 24 || ciphertext || tag` under a random nonce.
    package static func seal(
        _ plaintext: [UInt8], authenticating authenticated: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) throws(SodiumError) -> [UInt8] {
        let nonce = Random.bytes(nonceLength)
        return try nonce + seal(plaintext, authenticating: authenticated, nonce: nonce, key: key)
    }

    /// Opens `nonce 24 || ciphertext || tag`.
    package static func open(
        _ sealed: [UInt8], authenticating authenticated: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) throws(SodiumError) -> [UInt8] {
        guard sealed.count >= nonceLength + tagLength else { throw .authenticationFailed }
        return try open(
            Array(sealed[nonceLength...]), authenticating: authenticated, nonce: Array(sealed[..<nonceLength]),
            key: key)
    }
}
