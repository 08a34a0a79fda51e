import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct DoubleRatchetTests {
    private static func newKey() -> X25519.PrivateKey { X25519.PrivateKey() }

    private func pair() throws -> (alice: DoubleRatchet, bob: DoubleRatchet) {
        let secret = RootKey(WipedBytes(random: 32))
        let key = Self.newKey()
        return (
            try DoubleRatchet(
                initiating: secret, associatedData: [1, 2], otherRatchetKey: key.publicKey,
                ratchetKey: Self.newKey()),
            DoubleRatchet(responding: secret, associatedData: [1, 2], ratchetKey: key)
        )
    }

    /// Expects an error and no change.
    private func expect(
        _ error: RatchetError, decrypting message: RatchetMessage, with ratchet: inout DoubleRatchet
    ) {
        let before = ratchet
        #expect(throws: error) { try ratchet.decrypt(message, newRatchetKey: Self.newKey) }
        #expect(ratchet == before)
    }

    /// Alice has sent `skipped` messages that Bob does not have, of which he learns when her next chain arrives.
    private func afterLosing(_ skipped: Int) throws -> (
        bob: DoubleRatchet, lost: [RatchetMessage], next: RatchetMessage
    ) {
        var (alice, bob) = try pair()
        _ = try bob.decrypt(try alice.encrypt([0]), newRatchetKey: Self.newKey)
        let lost = try (0..<skipped).map { try alice.encrypt([UInt8(truncatingIfNeeded: $0)]) }
        _ = try alice.decrypt(try bob.encrypt([0]), newRatchetKey: Self.newKey)
        return (bob, lost, try alice.encrypt([9]))
    }

    @Test func `a thousand skipped in the previous chain are kept, one more is refused`() throws {
        var (bob, lost, next) = try afterLosing(1_000)
        #expect(next.header.previousCount == 1_001)
        #expect(try bob.decrypt(next, newRatchetKey: Self.newKey) == [9])
        #expect(bob.skipped.entries.count == 1_000)
        #expect(try bob.decrypt(lost[0], newRatchetKey: Self.newKey) == [0])
        #expect(try bob.decrypt(lost[999], newRatchetKey: Self.newKey) == [UInt8(truncatingIfNeeded: 999)])

        (bob, _, next) = try afterLosing(1_001)
        expect(.tooManySkipped, decrypting: next, with: &bob)
    }

    @Test func `a thousand skipped in the current chain are kept, one more is refused`() throws {
        var (alice, bob) = try pair()
        var messages = try (0...1_001).map { try alice.encrypt([UInt8(truncatingIfNeeded: $0)]) }
        expect(.tooManySkipped, decrypting: messages[1_001], with: &bob)
        _ = try bob.decrypt(messages[1_000], newRatchetKey: Self.newKey)
        #expect(bob.skipped.entries.count == 1_000)
        // In a chain that is already known, too.
        messages += try (0...1_001).map { _ in try alice.encrypt([]) }
        expect(.tooManySkipped, decrypting: messages[2_002], with: &bob)
    }

    @Test func `at most a thousand keys are stored, the oldest go first`() throws {
        var (alice, bob) = try pair()
        let messages = try (0...1_500).map { try alice.encrypt([UInt8(truncatingIfNeeded: $0)]) }
        _ = try bob.decrypt(messages[900], newRatchetKey: Self.newKey)
        _ = try bob.decrypt(messages[1_500], newRatchetKey: Self.newKey)
        #expect(bob.skipped.entries.count == 1_000)
        #expect(bob.skipped.entries.first?.number == 499)
        expect(.duplicate, decrypting: messages[498], with: &bob)
        #expect(try bob.decrypt(messages[499], newRatchetKey: Self.newKey) == [UInt8(truncatingIfNeeded: 499)])
    }

    @Test func `a message decrypts once, then it is a duplicate, then a stranger`() throws {
        var (alice, bob) = try pair()
        let first = try alice.encrypt([1])
        _ = try bob.decrypt(first, newRatchetKey: Self.newKey)
        expect(.duplicate, decrypting: first, with: &bob)
        _ = try alice.decrypt(try bob.encrypt([2]), newRatchetKey: Self.newKey)
        _ = try bob.decrypt(try alice.encrypt([3]), newRatchetKey: Self.newKey)
        expect(.authenticationFailed, decrypting: first, with: &bob)
    }

    @Test func `any changed byte of header or ciphertext is refused and changes nothing`() throws {
        var (alice, bob) = try pair()
        _ = try bob.decrypt(try alice.encrypt([0]), newRatchetKey: Self.newKey)
        let message = try alice.encrypt(Array("hello".utf8))
        let bytes = message.encoded()
        for index in 2..<bytes.count {
            var changed = bytes
            changed[index] ^= 0x04
            let before = bob
            let decoded = try RatchetMessage(decoding: changed)
            #expect(throws: RatchetError.self) { try bob.decrypt(decoded, newRatchetKey: Self.newKey) }
            #expect(bob == before)
        }
        #expect(try bob.decrypt(message, newRatchetKey: Self.newKey) == Array("hello".utf8))
    }

    @Test func `a ratchet key of small order is refused`() throws {
        var (alice, bob) = try pair()
        let message = try alice.encrypt([0])
        let forged = RatchetMessage(
            header: RatchetHeader(ratchetKey: [UInt8](repeating: 0, count: 32), previousCount: 0, number: 0),
            ciphertext: message.ciphertext)
        expect(.invalidAgreementKey, decrypting: forged, with: &bob)
    }

    @Test func `a responder cannot send before it has received`() throws {
        var (_, bob) = try pair()
        #expect(throws: RatchetError.noSession) { try bob.encrypt([1]) }
    }

    @Test func `other associated data does not decrypt`() throws {
        let secret = RootKey(WipedBytes(random: 32))
        let key = Self.newKey()
        var alice = try DoubleRatchet(
            initiating: secret, associatedData: [1], otherRatchetKey: key.publicKey, ratchetKey: Self.newKey())
        var bob = DoubleRatchet(responding: secret, associatedData: [2], ratchetKey: key)
        expect(.authenticationFailed, decrypting: try alice.encrypt([0]), with: &bob)
    }
}
