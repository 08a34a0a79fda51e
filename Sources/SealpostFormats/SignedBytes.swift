/// The exact bytes that device identity keys and account keys sign. Every use has a label of its own.
package enum SignedBytes {
    /// What a device signs to prove its identity key when it signs in:
    /// `"SealpostLogin" || 01 || challenge 32 || str(handle) || number u32`.
    package static func loginProof(challenge: [UInt8], handle: String, number: UInt32) -> [UInt8] {
        var bytes = challengeBytes("SealpostLogin", challenge, handle)
        bytes.append(uint32: number)
        return bytes
    }

    /// What a device signs when it registers: `"SealpostDevice" || 01 || challenge 32 || str(handle)`.
    package static func deviceProof(challenge: [UInt8], handle: String) -> [UInt8] {
        challengeBytes("SealpostDevice", challenge, handle)
    }

    /// What the account key signs when the password is forgotten:
    /// `"SealpostAK" || 01 || challenge 32 || str(handle)`.
    package static func accountSignIn(challenge: [UInt8], handle: String) -> [UInt8] {
        challengeBytes("SealpostAK", challenge, handle)
    }

    /// What the identity key signs for a signed prekey: `EncX(SPK)`.
    package static func signedPrekey(_ publicKey: [UInt8]) -> [UInt8] { KeyEncoding.x25519(publicKey) }

    /// What the identity key signs for a one-time or last-resort KEM prekey: `EncKEM(PQPK)`.
    package static func kemPrekey(_ publicKey: [UInt8]) -> [UInt8] { KeyEncoding.kem(publicKey) }

    /// What the identity key signs for a sealing key: `"SealpostSK" || 01 || id u32 || created u64 || pk`.
    package static func sealingKey(id: UInt32, created: UInt64, publicKey: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: "SealpostSK")
        bytes.append(0x01)
        bytes.append(uint32: id)
        bytes.append(uint64: created)
        return bytes + publicKey
    }

    private static func challengeBytes(_ label: StaticString, _ challenge: [UInt8], _ handle: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(label: label)
        bytes.append(0x01)
        bytes += challenge
        bytes.append(shortString: handle)
        return bytes
    }
}
