/// Public keys with a type byte in front, as they are signed and authenticated: no key of one kind passes for another.
package enum KeyEncoding {
    /// `EncX(pk) = 05 || pk`.
    package static func x25519(_ publicKey: [UInt8]) -> [UInt8] { [0x05] + publicKey }
    /// `EncEd(pk) = 06 || pk`.
    package static func ed25519(_ publicKey: [UInt8]) -> [UInt8] { [0x06] + publicKey }
    /// `EncKEM(pk) = 0a || pk`, ML-KEM-1024.
    package static func kem(_ publicKey: [UInt8]) -> [UInt8] { [0x0a] + publicKey }
}
