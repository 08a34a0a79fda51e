import SodiumKit
import Testing

@Suite struct AEADTests {
    static let sunscreen = Array(
        "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
            .utf8)
    static let key = WipedBytes(copying: Array(0x80...0x9f))
    static let authenticated = [UInt8](hex: "50515253c0c1c2c3c4c5c6c7")

    @Test func `RFC 8439 section 2_8_2`() throws {
        let nonce = [UInt8](hex: "070000004041424344454647")
        let sealed = try ChaCha20Poly1305.seal(
            Self.sunscreen, authenticating: Self.authenticated, nonce: nonce, key: Self.key)
        #expect(
            sealed.hex
                == "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b"
                + "1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
                + "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691")
        #expect(
            try ChaCha20Poly1305.open(sealed, authenticating: Self.authenticated, nonce: nonce, key: Self.key)
                == Self.sunscreen)
    }

    @Test func `draft-irtf-cfrg-xchacha appendix A_3_1`() throws {
        let sealed = try XChaCha20Poly1305.seal(
            Self.sunscreen, authenticating: Self.authenticated, nonce: Array(0x40...0x57), key: Self.key)
        #expect(
            sealed.hex
                == "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39"
                + "ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
                + "21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49")
    }

    @Test func `any changed byte, other associated data or another key fails`() throws {
        let sealed = try XChaCha20Poly1305.seal([1, 2, 3], authenticating: [4], key: Self.key)
        #expect(try XChaCha20Poly1305.open(sealed, authenticating: [4], key: Self.key) == [1, 2, 3])
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 0x10
            #expect(throws: SodiumError.authenticationFailed) {
                try XChaCha20Poly1305.open(changed, authenticating: [4], key: Self.key)
            }
        }
        #expect(throws: SodiumError.authenticationFailed) {
            try XChaCha20Poly1305.open(sealed, authenticating: [5], key: Self.key)
        }
        #expect(throws: SodiumError.authenticationFailed) {
            try XChaCha20Poly1305.open(sealed, authenticating: [4], key: WipedBytes(random: 32))
        }
        for length in 0..<sealed.count {
            #expect(throws: SodiumError.authenticationFailed) {
                try XChaCha20Poly1305.open(Array(sealed.prefix(length)), authenticating: [4], key: Self.key)
            }
        }
    }

    @Test func `an empty plaintext is sealed and opened`() throws {
        let nonce = [UInt8](repeating: 0, count: 12)
        let sealed = try ChaCha20Poly1305.seal([], authenticating: [], nonce: nonce, key: Self.key)
        #expect(sealed.count == 16)
        #expect(try ChaCha20Poly1305.open(sealed, authenticating: [], nonce: nonce, key: Self.key).isEmpty)
    }

    @Test func `keys and nonces of other lengths are refused`() {
        #expect(throws: SodiumError.wrongLength(expected: 32, actual: 16)) {
            try ChaCha20Poly1305.seal(
                [], authenticating: [], nonce: [UInt8](repeating: 0, count: 12), key: WipedBytes(random: 16))
        }
        #expect(throws: SodiumError.wrongLength(expected: 12, actual: 24)) {
            try ChaCha20Poly1305.seal(
                [], authenticating: [], nonce: [UInt8](repeating: 0, count: 24), key: Self.key)
        }
    }
}
