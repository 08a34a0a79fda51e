import CSodium

/// Signatures over Ed25519 (RFC 8032) by libsodium's strict verifier: canonical encodings, no small order.
package enum Ed25519 {
    package static let publicKeyLength = 32
    package static let seedLength = 32
    package static let signatureLength = 64

    /// Whether `signature` is one of `message` by `publicKey`; false for wrong lengths, too.
    package static func isValidSignature(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        Sodium.start()
        guard signature.count == signatureLength, publicKey.count == publicKeyLength else { return false }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }

    /// A signing key in protected memory, made from its 32-byte seed.
    package struct SigningKey: ~Copyable, Sendable {
        package let seed: SecretBytes
        private let expanded: SecretBytes
        package let publicKey: [UInt8]

        /// A new random key.
        package init() { self.init(valid: SecretBytes(random: seedLength)) }

        /// Takes over a seed of 32 bytes.
        package init(seed: consuming SecretBytes) throws(SodiumError) {
            try requireLength(seed, seedLength)
            self.init(valid: seed)
        }

        private init(valid seed: consuming SecretBytes) {
            Sodium.start()
            var publicKey = [UInt8](repeating: 0, count: publicKeyLength)
            expanded = seed.withBytes { seed in
                SecretBytes(count: Int(crypto_sign_SECRETKEYBYTES)) { output in
                    // Fails for no seed.
                    _ = crypto_sign_seed_keypair(
                        &publicKey, output.bytes, seed)
                }
            }
            self.publicKey = publicKey
            self.seed = seed
        }

        /// The signature, 64 bytes.
        package borrowing func sign(_ message: [UInt8]) -> [UInt8] {
            expanded.withBytes { key in
                newBytes(signatureLength) { buffer in
                    // Fails for no message.
                    _ = crypto_sign_detached(buffer, nil, message, UInt64(message.count), key)
                }
            }
        }

        /// The same key for Diffie–Hellman: clamp(SHA-512(seed)[0..<32]).
        package borrowing func agreementKey() -> X25519.PrivateKey {
            let scalar = expanded.withBytes { key in
                WipedBytes(count: X25519.keyLength) { output in
                    // Fails for no key.
                    _ = crypto_sign_ed25519_sk_to_curve25519(
                        output.bytes, key)
                }
            }
            return X25519.PrivateKey(valid: scalar)
        }
    }
}
