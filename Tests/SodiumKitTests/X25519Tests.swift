import SodiumKit
import Testing

@Suite struct X25519Tests {
    @Test func `RFC 7748 section 5_2, first vector`() throws {
        let key = try X25519.PrivateKey(
            WipedBytes(copying: [UInt8](hex: "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")))
        let point = [UInt8](hex: "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
        let secret = try key.sharedSecret(with: point).exposedBytes()
        #expect(secret.hex == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    }

    @Test func `RFC 7748 section 5_2, a thousand iterations`() throws {
        var scalar = [UInt8](hex: "0900000000000000000000000000000000000000000000000000000000000000")
        var point = scalar
        for round in 1...1000 {
            let next = try X25519.PrivateKey(WipedBytes(copying: scalar)).sharedSecret(with: point).exposedBytes()
            (scalar, point) = (next, scalar)
            if round == 1 {
                #expect(scalar.hex == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079")
            }
        }
        #expect(scalar.hex == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51")
    }

    @Test func `RFC 7748 section 6_1, both sides agree`() throws {
        let alice = try X25519.PrivateKey(
            WipedBytes(copying: [UInt8](hex: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")))
        let bob = try X25519.PrivateKey(
            WipedBytes(copying: [UInt8](hex: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")))
        #expect(alice.publicKey.hex == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
        #expect(bob.publicKey.hex == "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
        let secret = try alice.sharedSecret(with: bob.publicKey)
        #expect(secret == (try bob.sharedSecret(with: alice.publicKey)))
        #expect(
            secret.exposedBytes().hex == "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    }

    @Test(arguments: [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ])
    func `a point of small order is refused`(point: String) {
        #expect(throws: SodiumError.zeroSharedSecret) {
            try X25519.PrivateKey().sharedSecret(with: [UInt8](hex: point))
        }
    }

    @Test func `a key of another length is refused`() {
        #expect(throws: SodiumError.wrongLength(expected: 32, actual: 31)) {
            try X25519.PrivateKey().sharedSecret(with: [UInt8](repeating: 9, count: 31))
        }
        #expect(throws: SodiumError.wrongLength(expected: 32, actual: 33)) {
            try X25519.PrivateKey(WipedBytes(random: 33))
        }
    }
}
