import CSodium

extension Ed25519 {
    /// Whether these bytes are the canonical form of a point of prime order.
    ///
    /// `crypto_core_ed25519_is_valid_point` of libsodium 1.0.18, unless patched as Debian's is, lets points through that
    /// are the sum of one of prime order and the point of order two (CVE-2025-69277). They are told apart by multiplying
    /// with `L − 1`: that gives `−P` for a point of prime order only.
    package static func isValidPublicKey(_ publicKey: [UInt8]) -> Bool {
        Sodium.start()
        guard publicKey.count == publicKeyLength, crypto_core_ed25519_is_valid_point(publicKey) == 1 else {
            return false
        }
        var product = [UInt8](repeating: 0, count: publicKeyLength)
        guard crypto_scalarmult_ed25519_noclamp(&product, groupOrderLessOne, publicKey) == 0 else { return false }
        product[31] ^= 0x80
        return product == publicKey
    }

    /// The public key for Diffie–Hellman (Edwards → Montgomery); throws `invalidPublicKey` for what
    /// `isValidPublicKey` refuses.
    package static func agreementKey(of publicKey: [UInt8]) throws(SodiumError) -> [UInt8] {
        guard isValidPublicKey(publicKey) else { throw .invalidPublicKey }
        var converted = [UInt8](repeating: 0, count: X25519.keyLength)
        guard crypto_sign_ed25519_pk_to_curve25519(&converted, publicKey) == 0 else { throw .invalidPublicKey }
        return converted
    }

    /// `L − 1`, little-endian, with L = 2^252 + 27742317777372353535851937790883648493.
    private static let groupOrderLessOne: [UInt8] = [
        0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]
}
