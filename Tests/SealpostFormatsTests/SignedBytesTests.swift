import SealpostFormats
import SodiumKit
import Testing

@Suite struct SignedBytesTests {
    static let challenge = [UInt8](repeating: 0xcc, count: 32)
    static let alice: [UInt8] = [5] + Array("alice".utf8)

    @Test func `the bytes are those of the specification`() {
        #expect(
            SignedBytes.loginProof(challenge: Self.challenge, handle: "alice", number: 2)
                == Array("SealpostLogin".utf8) + [1] + Self.challenge + Self.alice + [0, 0, 0, 2])
        #expect(
            SignedBytes.deviceProof(challenge: Self.challenge, handle: "alice")
                == Array("SealpostDevice".utf8) + [1] + Self.challenge + Self.alice)
        #expect(
            SignedBytes.accountSignIn(challenge: Self.challenge, handle: "alice")
                == Array("SealpostAK".utf8) + [1] + Self.challenge + Self.alice)
        #expect(SignedBytes.signedPrekey([7]) == [5, 7])
        #expect(SignedBytes.kemPrekey([7]) == [0x0a, 7])
        #expect(
            SignedBytes.sealingKey(id: 1, created: 2, publicKey: [7])
                == Array("SealpostSK".utf8) + [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 7])
    }

    @Test func `prekeys verify with their owner's signature only`() throws {
        let identity = Ed25519.SigningKey()
        let key = [UInt8](repeating: 3, count: 32)
        let kem = [UInt8](repeating: 3, count: 1568)
        let sealing = [UInt8](repeating: 3, count: 1216)
        let crypto = SodiumFormatCrypto.self
        try SignedPrekey(id: 1, key: key, signature: identity.sign([5] + key)).verify(
            by: identity.publicKey, crypto: crypto)
        try KEMPrekey(id: 1, key: kem, signature: identity.sign([0x0a] + kem)).verify(
            by: identity.publicKey, crypto: crypto)
        let signature = identity.sign(SignedBytes.sealingKey(id: 1, created: 2, publicKey: sealing))
        try SealingKey(id: 1, created: 2, key: sealing, signature: signature).verify(
            by: identity.publicKey, crypto: crypto)

        #expect(throws: FormatError.invalidSignature) {
            try SealingKey(id: 1, created: 3, key: sealing, signature: signature).verify(
                by: identity.publicKey, crypto: crypto)
        }
        #expect(throws: FormatError.invalidSignature) {
            try SignedPrekey(id: 1, key: key, signature: identity.sign(key)).verify(
                by: identity.publicKey, crypto: crypto)
        }
        #expect(throws: FormatError.numberZero) {
            try SignedPrekey(id: 0, key: key, signature: identity.sign([5] + key)).verify(
                by: identity.publicKey, crypto: crypto)
        }
        #expect(throws: FormatError.wrongLength(expected: 1568, actual: 32)) {
            try KEMPrekey(id: 1, key: key, signature: identity.sign([0x0a] + key)).verify(
                by: identity.publicKey, crypto: crypto)
        }
        #expect(throws: FormatError.wrongLength(expected: 32, actual: 0)) { try OneTimePrekey(id: 1, key: []).verify() }
    }

    @Test func `the digest of prekeys depends on the keys, not on their order`() {
        let signed = SignedPrekey(id: 9, key: [1], signature: [2])
        let oneTime = [OneTimePrekey(id: 2, key: [3]), OneTimePrekey(id: 1, key: [4])]
        var one = PrekeyDigest()
        one.add(oneTime[0])
        one.add(signed)
        one.add(oneTime[1])
        one.add(oneTime: KEMPrekey(id: 5, key: [5], signature: [6]))
        let expected: [UInt8] =
            Array("SealpostPK".utf8) + [1] + [1, 0, 0, 0, 9, 1, 2] + [4, 0, 0, 0, 1, 4] + [4, 0, 0, 0, 2, 3]
            + [5, 0, 0, 0, 5, 5, 6]
        #expect(one.value(SodiumFormatCrypto.self) == SHA256.hash(expected))
        #expect(PrekeyDigest().value(SodiumFormatCrypto.self) == SHA256.hash(Array("SealpostPK".utf8) + [1]))
    }

    @Test func `the link code is six groups over what this side believes`() {
        let code = { (key: UInt8) in
            LinkCode.groups(
                handle: "alice", number: 2, identityKey: [UInt8](repeating: 1, count: 32),
                accountKey: [UInt8](repeating: key, count: 32), crypto: SodiumFormatCrypto.self)
        }
        let bytes =
            Array("SealpostLink".utf8) + Self.alice + [0, 0, 0, 2] + [UInt8](repeating: 1, count: 32)
            + [UInt8](repeating: 2, count: 32)
        let hash = SHA256.hash(bytes)
        let first = hash.prefix(5).reduce(0) { $0 << 8 | UInt64($1) } % 100_000
        #expect(code(2).count == 6)
        #expect(code(2).allSatisfy { $0.count == 5 })
        #expect(UInt64(code(2)[0]) == first)
        #expect(code(2) != code(3))
    }

    @Test func `the safety number is that of the vectors, from both sides`() {
        let alice = [UInt8](hex: "06d264689385799e64a3245f724963c4244dc28324d949736272210d40b9c358")
        let bob = [UInt8](hex: "dfe06e6a9cf3ace021f5baea18c180c37d7a30e730c0358d12354c666aeef19b")
        let number = "533851645237866504022273827576971608149467235858267586023606"
        let hash = SodiumFormatCrypto.self
        #expect(SafetyNumber.digits(("alice", alice), ("bob", bob), hash: hash) == number)
        #expect(SafetyNumber.digits(("bob", bob), ("alice", alice), hash: hash) == number)
        #expect(SafetyNumber.digits(("alice", bob), ("bob", alice), hash: hash) != number)
    }

    @Test(arguments: ["al", "a-b_c9", "a" + String(repeating: "b", count: 30)])
    func `a handle by the syntax is valid`(handle: String) { #expect(HandleSyntax.isValid(handle)) }

    @Test(arguments: ["", "a", "1a", "Alice", "al.1", "älice", "a" + String(repeating: "b", count: 31), "al\n"])
    func `anything else is no handle`(handle: String) { #expect(!HandleSyntax.isValid(handle)) }
}
