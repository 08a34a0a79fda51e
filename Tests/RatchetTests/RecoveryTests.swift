import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct RecoveryTests {
    static let text = "0123456789ABCDEFGHJKMNPQRS"

    @Test func `a new code has 26 characters of Crockford's base32`() {
        let code = RecoveryCode(platform: NativePlatform.self)
        #expect(code.text.count == 26)
        #expect(code.text.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) })
        #expect(code != RecoveryCode(platform: NativePlatform.self))
    }

    @Test(arguments: [
        text, "0123456789abcdefghjkmnpqrs", "o123456789ABCDEFGHJKMNPQRS", "OI23456789ABCDEFGHJKMNPQRS",
        "0l23456789-ABCDEF GHJKMN-PQRS",
    ])
    func `what people type means the same code`(typed: String) throws {
        #expect(try RecoveryCode(typed: typed).text == Self.text)
    }

    @Test(arguments: [
        "", "0123456789ABCDEFGHJKMNPQR", text + "T", "U123456789ABCDEFGHJKMNPQRS", "é123456789ABCDEFGHJKMNPQRS",
    ])
    func `anything else is no code`(typed: String) {
        #expect(throws: RatchetError.invalidRecoveryCode) { try RecoveryCode(typed: typed) }
    }

    @Test func `key and fetch are derived as the specification says`() throws {
        let keys = try RecoveryCode(typed: Self.text).keys(for: "alice")
        let salt = SHA256.hash(Array("SealpostRecovery".utf8) + [1, 5] + Array("alice".utf8))
        let output = HKDF.derive(
            salt: WipedBytes(copying: salt), inputKey: WipedBytes(copying: Self.text.utf8),
            info: Array("SealpostRecovery".utf8), length: 64)
        #expect(keys.fetch == output.part(32..<64))
        #expect(keys.fetchHash == SHA256.hash(keys.fetch.exposedBytes()))
        let account = AccountKey()
        let blob = try keys.seal(account)
        #expect(blob.count == 1 + 24 + 32 + 16)
        #expect(blob[0] == 1)
        let seed = try XChaCha20Poly1305.open(
            Array(blob[25...]), authenticating: Array("SealpostRecovery".utf8) + [5] + Array("alice".utf8),
            nonce: Array(blob[1..<25]), key: output.part(0..<32))
        #expect(seed == account.seed().exposedBytes())
    }

    @Test func `the blob opens with its code and handle only`() throws {
        let code = try RecoveryCode(typed: Self.text)
        let account = AccountKey()
        let publicKey = account.publicKey
        let blob = try code.keys(for: "alice").seal(account)
        let opened = try code.keys(for: "alice").open(blob)
        #expect(opened.publicKey == publicKey)
        #expect(throws: RatchetError.authenticationFailed) { _ = try code.keys(for: "bob").open(blob) }
        let other = RecoveryCode(platform: NativePlatform.self)
        #expect(throws: RatchetError.authenticationFailed) { _ = try other.keys(for: "alice").open(blob) }
        #expect(throws: RatchetError.format(.unknownVersion(2))) {
            _ = try code.keys(for: "alice").open([2] + blob.dropFirst())
        }
        #expect(throws: RatchetError.format(.truncated)) { _ = try code.keys(for: "alice").open([]) }
        for length in 1..<blob.count {
            #expect(throws: RatchetError.authenticationFailed) {
                _ = try code.keys(for: "alice").open(Array(blob.prefix(length)))
            }
        }
    }
}
