import CSodium

/// Diffie–Hellman over Curve25519 (RFC 7748).
package enum X25519 {
    package static let keyLength = 32

    /// A private key. Copies share one allocation, which is wiped with the last.
    package struct PrivateKey: Sendable, Equatable {
        package let scalar: WipedBytes
        package let publicKey: [UInt8]

        /// A new random key.
        package init() { self.init(valid: WipedBytes(random: keyLength)) }

        package init(_ scalar: WipedBytes) throws(SodiumError) {
            try requireLength(scalar, keyLength)
            self.init(valid: scalar)
        }

        /// `scalar` has the right length.
        init(valid scalar: WipedBytes) {
            Sodium.start()
            self.scalar = scalar
            publicKey = scalar.withBytes { scalar in
                newBytes(keyLength) { buffer in
                    // Fails for no scalar.
                    _ = crypto_scalarmult_base(buffer, scalar)
                }
            }
        }

        /// The shared secret with a public key; throws `zeroSharedSecret` if that has small order.
        package func sharedSecret(with publicKey: [UInt8]) throws(SodiumError) -> WipedBytes {
            try requireLength(publicKey, keyLength)
            return try WipedBytes(count: keyLength) { output throws(SodiumError) in
                let start = output.bytes
                let result = scalar.withBytes { crypto_scalarmult(start, $0, publicKey) }
                guard result == 0 else { throw .zeroSharedSecret }
            }
        }

        package static func == (one: PrivateKey, other: PrivateKey) -> Bool { one.scalar == other.scalar }
    }
}

extension X25519 {
    /// Whether a public key is written the one canonical way: below 2^255 − 19, so its top bit is clear.
    ///
    /// Agreement ignores the top bit and reduces the rest; so keys that are compared as bytes have to be checked.
    package static func isCanonical(_ publicKey: [UInt8]) -> Bool {
        guard publicKey.count == keyLength, publicKey[31] < 0x80 else { return false }
        guard publicKey[31] == 0x7f, publicKey[1..<31].allSatisfy({ $0 == 0xff }) else { return true }
        return publicKey[0] < 0xed
    }
}
