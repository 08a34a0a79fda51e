import SodiumKit
import Testing

@Suite struct Ed25519Tests {
    static let publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", publicKey, "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ])
    func `RFC 8032 section 7_1`(seed: String, publicKey: String, message: String, signature: String) throws {
        let key = try Ed25519.SigningKey(seed: SecretBytes(copying: [UInt8](hex: seed)))
        #expect(key.publicKey.hex == publicKey)
        let made = key.sign([UInt8](hex: message))
        #expect(made.hex == signature)
        #expect(Ed25519.isValidSignature(made, of: [UInt8](hex: message), by: key.publicKey))
        #expect(Ed25519.isValidPublicKey(key.publicKey))
    }

    @Test func `a changed signature, message or key is refused`() {
        let key = Ed25519.SigningKey()
        let message = Array("hello".utf8)
        let signature = key.sign(message)
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!Ed25519.isValidSignature(changed, of: message, by: key.publicKey))
        }
        #expect(!Ed25519.isValidSignature(signature, of: message + [0], by: key.publicKey))
        #expect(!Ed25519.isValidSignature(signature, of: message, by: Ed25519.SigningKey().publicKey))
        #expect(!Ed25519.isValidSignature(Array(signature.dropLast()), of: message, by: key.publicKey))
        #expect(!Ed25519.isValidSignature(signature, of: message, by: Array(key.publicKey.dropLast())))
    }

    @Test(arguments: [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        // y = 2: not on the curve.
        "0200000000000000000000000000000000000000000000000000000000000000",
        // The key of RFC 8032's first test plus the point of order two: an unpatched libsodium 1.0.18 takes it.
        "16a567fe7d4ef5482ab4012c369bf8c5f11e8d0c2559dcda50fde59708f8aee5",
    ])
    func `a key of small order, off the curve, not canonical or of mixed order is refused`(key: String) {
        #expect(!Ed25519.isValidPublicKey([UInt8](hex: key)))
        #expect(throws: SodiumError.invalidPublicKey) { try Ed25519.agreementKey(of: [UInt8](hex: key)) }
    }

    @Test func `random bytes that are valid keys are keys that signing could have`() {
        for _ in 0..<50 { #expect(Ed25519.isValidPublicKey(Ed25519.SigningKey().publicKey)) }
        #expect(!Ed25519.isValidPublicKey([]))
        #expect(!Ed25519.isValidPublicKey([UInt8](repeating: 1, count: 31)))
    }

    @Test func `both conversions to X25519 give one key pair`() throws {
        let key = Ed25519.SigningKey()
        #expect(try Ed25519.agreementKey(of: key.publicKey) == key.agreementKey().publicKey)
    }
}
