/// The cryptography that checking formats needs. Static, so that it costs nothing and works in Embedded Swift;
/// SodiumKit fills it with `SodiumFormatCrypto`.
package protocol FormatCrypto: Sendable {
    /// Whether `signature` is the Ed25519 signature of `message` by `publicKey`; false for wrong lengths, too.
    static func isValidSignature(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool
    /// Whether an Ed25519 public key is the canonical form of a point of prime order.
    static func isValidPublicKey(_ publicKey: [UInt8]) -> Bool
    static func sha256(_ bytes: [UInt8]) -> [UInt8]
}

/// SHA-512 for safety numbers, which only clients compute.
package protocol SafetyNumberHash: Sendable {
    static func sha512(_ bytes: [UInt8]) -> [UInt8]
}
