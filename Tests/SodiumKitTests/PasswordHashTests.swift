import SodiumKit
import Testing

@Suite struct PasswordHashTests {
    static let cheap = Argon2idCost(passes: 1, memory: 8 << 10)

    @Test func `the password verifies, another one does not`() throws {
        let hash = try PasswordHash.hash(Array("correct horse".utf8), cost: Self.cheap)
        #expect(hash.hasPrefix("$argon2id$v=19$m=8,t=1,p=1$"))
        #expect(PasswordHash.verify(Array("correct horse".utf8), against: hash))
        #expect(!PasswordHash.verify(Array("correct hors".utf8), against: hash))
        #expect(!PasswordHash.verify([], against: hash))
    }

    @Test func `an empty password can be hashed`() throws {
        let hash = try PasswordHash.hash([], cost: Self.cheap)
        #expect(PasswordHash.verify([], against: hash))
    }

    @Test func `what is no hash verifies nothing and needs a rehash`() {
        for text in ["", "x", "$argon2id$", String(repeating: "a", count: 500), "\0"] {
            #expect(!PasswordHash.verify([1], against: text))
            #expect(PasswordHash.needsRehash(text, cost: Self.cheap))
        }
    }

    @Test func `a rehash is due exactly when the cost changed`() throws {
        let hash = try PasswordHash.hash([1], cost: Self.cheap)
        #expect(!PasswordHash.needsRehash(hash, cost: Self.cheap))
        #expect(PasswordHash.needsRehash(hash, cost: Argon2idCost(passes: 2, memory: 8 << 10)))
    }

    @Test func `a derived key depends on passphrase and salt`() throws {
        let salt = [UInt8](repeating: 1, count: 16)
        let key = try Argon2id.derive(passphrase: [1], salt: salt, cost: Self.cheap).exposedBytes()
        #expect(try key == Argon2id.derive(passphrase: [1], salt: salt, cost: Self.cheap).exposedBytes())
        #expect(try key != Argon2id.derive(passphrase: [2], salt: salt, cost: Self.cheap).exposedBytes())
        let other = [UInt8](repeating: 2, count: 16)
        #expect(try key != Argon2id.derive(passphrase: [1], salt: other, cost: Self.cheap).exposedBytes())
        #expect(throws: SodiumError.wrongLength(expected: 16, actual: 3)) {
            _ = try Argon2id.derive(passphrase: [1], salt: [1, 2, 3], cost: Self.cheap)
        }
        #expect(throws: SodiumError.passwordHashingFailed) {
            _ = try Argon2id.derive(
                passphrase: [1], salt: salt, cost: Argon2idCost(passes: 0, memory: 0), length: 32)
        }
    }
}
