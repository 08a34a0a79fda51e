import SodiumKit
import Testing

@Suite struct SecretsTests {
    static let bytes: [UInt8] = Array(repeating: 0xab, count: 32)

    private func printed(_ value: some Any) -> String {
        var dumped = ""
        dump(value, to: &dumped)
        return "\(value)" + String(reflecting: value) + dumped
    }

    @Test func `a secret does not print, alone or inside other values`() throws {
        let secret = WipedBytes(copying: Self.bytes)
        let key = try X25519.PrivateKey(secret)
        for text in [printed(secret), printed(key), printed([secret]), printed((1, secret))] {
            #expect(text.contains("WipedBytes(32 bytes)"))
            #expect(!text.contains("171"))
            #expect(!text.lowercased().contains("abab"))
        }
    }

    @Test func `secrets keep what was put in, and copies are equal`() {
        let secret = SecretBytes(copying: Self.bytes)
        #expect(secret.count == 32)
        #expect(secret.exposedBytes() == Self.bytes)
        #expect(secret.copy().exposedBytes() == Self.bytes)
        let wiped = WipedBytes(copying: Array(0..<10))
        #expect(wiped.part(2..<5).exposedBytes() == [2, 3, 4])
        #expect(wiped == WipedBytes(copying: Array(0..<10)))
        #expect(wiped != WipedBytes(copying: Array(1..<11)))
        #expect(WipedBytes(copying: []) == WipedBytes(copying: []))
    }

    @Test func `a fill that throws passes its error on`() {
        #expect(throws: SodiumError.authenticationFailed) {
            _ = try SecretBytes(count: 8) { _ throws(SodiumError) in throw .authenticationFailed }
        }
    }

    @Test func `random bytes have the length asked for and do not repeat`() {
        #expect(Random.bytes(0).isEmpty)
        #expect(Random.bytes(33).count == 33)
        #expect(Random.bytes(32) != Random.bytes(32))
        #expect(Random.number(below: 1) == 0)
    }
}
