/// Why an operation did not happen. Says nothing about keys or contents.
package enum SodiumError: Error, Hashable, Sendable {
    /// A key, nonce, signature or hash has the wrong number of bytes.
    case wrongLength(expected: Int, actual: Int)
    /// The tag does not match: another key, other associated data, or changed bytes.
    case authenticationFailed
    /// Not the canonical form of a point of prime order.
    case invalidPublicKey
    /// The X25519 result is all zero: the other side's key has small order.
    case zeroSharedSecret
    /// Argon2id could not get its memory, or its cost is out of range.
    case passwordHashingFailed
    /// A derived key's length is outside 16…64 bytes.
    case invalidDerivedLength(Int)
}

func requireLength(_ bytes: some Collection<UInt8>, _ expected: Int) throws(SodiumError) {
    guard bytes.count == expected else { throw .wrongLength(expected: expected, actual: bytes.count) }
}

func requireLength(_ key: borrowing some SecretMaterial & ~Copyable, _ expected: Int) throws(SodiumError) {
    guard key.count == expected else { throw .wrongLength(expected: expected, actual: key.count) }
}
