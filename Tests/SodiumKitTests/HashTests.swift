import SodiumKit
import Testing

@Suite struct HashTests {
    @Test func `SHA-2 of abc as in FIPS 180-4`() {
        let message = Array("abc".utf8)
        #expect(
            SHA256.hash(message).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA512.hash(message).hex
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
    }

    @Test func `HMAC as in RFC 4231, first case`() {
        let key = WipedBytes(copying: [UInt8](repeating: 0x0b, count: 20))
        let message = Array("Hi There".utf8)
        #expect(
            HMACSHA256.authenticationCode(for: message, key: key).hex
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            HMACSHA512.authenticationCode(for: message, key: key).hex
                == "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                + "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854")
        let code = HMACSHA256.authenticationCode(for: message, key: key)
        #expect(HMACSHA256.isValid(code, for: message, key: key))
        #expect(!HMACSHA256.isValid(code, for: message + [0], key: key))
        #expect(!HMACSHA256.isValid(Array(code.dropLast()), for: message, key: key))
    }

    @Test func `keyed hashes and subkeys differ by key, label and length`() throws {
        let master = SecretBytes(random: 32)
        #expect(try KeyedHash.hash([1], key: master) == KeyedHash.hash([1], key: master.copy()))
        #expect(try KeyedHash.hash([1], key: master) != KeyedHash.hash([2], key: master))
        #expect(try KeyedHash.hash([1], key: master) != KeyedHash.hash([1], key: SecretBytes(random: 32)))

        let mail = try SubkeyDerivation.derive(from: master, label: "mail").exposedBytes()
        #expect(try mail == SubkeyDerivation.derive(from: master, label: "mail").exposedBytes())
        #expect(try mail != SubkeyDerivation.derive(from: master, label: "email").exposedBytes())
        let long = try SubkeyDerivation.derive(from: master, label: "mail", length: 64).exposedBytes()
        #expect(long.count == 64)
        #expect(Array(long.prefix(32)) != mail)
        #expect(throws: SodiumError.invalidDerivedLength(65)) {
            _ = try SubkeyDerivation.derive(from: master, label: "mail", length: 65)
        }
    }

    @Test func `constant-time comparison agrees with ordinary comparison`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2], [1, 2]))
        #expect(!constantTimeEquals([1, 2], [1, 3]))
        #expect(!constantTimeEquals([1, 2], [1, 2, 3]))
    }
}
