import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct KeyTests {
    static let challenge = [UInt8](repeating: 3, count: 32)

    @Test func `identity and account keys come back from their seeds and sign what they say`() throws {
        let identity = DeviceIdentity()
        let again = try DeviceIdentity(seed: identity.seed())
        #expect(again.publicKey == identity.publicKey)
        #expect(
            Ed25519.isValidSignature(
                again.loginProof(challenge: Self.challenge, handle: "alice", number: 1),
                of: SignedBytes.loginProof(challenge: Self.challenge, handle: "alice", number: 1),
                by: identity.publicKey))
        #expect(
            Ed25519.isValidSignature(
                again.deviceProof(challenge: Self.challenge, handle: "alice"),
                of: SignedBytes.deviceProof(challenge: Self.challenge, handle: "alice"), by: identity.publicKey))

        let account = AccountKey()
        let accountAgain = try AccountKey(seed: account.seed())
        #expect(accountAgain.publicKey == account.publicKey)
        #expect(
            Ed25519.isValidSignature(
                accountAgain.signInProof(challenge: Self.challenge, handle: "alice"),
                of: SignedBytes.accountSignIn(challenge: Self.challenge, handle: "alice"), by: account.publicKey))
    }

    @Test func `an account key signs only lists that name it`() throws {
        let account = AccountKey()
        let other = AccountKey()
        let list = try DeviceList(
            handle: "alice", version: 1, previous: DeviceList.noPredecessor, accountKey: account.publicKey,
            entries: [])
        let signature = try account.sign(list)
        _ = try DeviceList.verified(
            list.encoded(), signature: signature, handle: "alice", accountKey: account.publicKey,
            crypto: SodiumFormatCrypto.self)
        #expect(throws: RatchetError.wrongIdentity) { try other.sign(list) }
    }

    @Test func `no secret prints, however deep it lies`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        _ = try alice.send("zero")
        _ = try bob.receive(try alice.send("one"))
        let ratchet = try #require(bob.book.active?.ratchet)
        let code = RecoveryCode(platform: NativePlatform.self)
        var text = "\(bob.book) \(bob.prekeys) \(code) \(code.keys(for: "alice"))"
        dump(bob.book, to: &text)
        dump(bob.prekeys, to: &text)
        dump(code, to: &text)
        let secrets =
            [ratchet.root.bytes, ratchet.ownRatchetKey.scalar, ratchet.skipped.entries[0].key.bytes]
            + [ratchet.sending?.key.bytes, ratchet.receiving?.key.bytes].compactMap(\.self)
        for secret in secrets {
            let bytes = secret.exposedBytes()
            #expect(!text.contains(bytes.map(String.init).joined(separator: ", ")))
            #expect(!text.lowercased().contains(bytes.hex))
            #expect(!text.contains(bytes.prefix(6).map { "- \($0)\n" }.joined()))
        }
        #expect(!text.contains(code.text))
        #expect(text.contains("WipedBytes(32 bytes)"))
    }
}
