import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct PrekeyBundleTests {
    static let smallOrder = [UInt8](repeating: 0, count: 32)

    private func changed(
        _ bundle: PrekeyBundle, identityKey: [UInt8]? = nil, signed: SignedPrekey? = nil,
        oneTime: OneTimePrekey? = nil, kem: KEMPrekey? = nil, sealing: SealingKey? = nil
    ) -> PrekeyBundle {
        PrekeyBundle(
            identityKey: identityKey ?? bundle.identityKey, signedPrekey: signed ?? bundle.signedPrekey,
            oneTimePrekey: oneTime ?? bundle.oneTimePrekey, kemPrekey: kem ?? bundle.kemPrekey,
            sealingKey: sealing ?? bundle.sealingKey, claimed: bundle.claimed)
    }

    @Test func `each signature is checked, against the listed identity key`() throws {
        let (alice, bob) = Device.pair()
        let (good, foreign) = (try bob.bundle(), try alice.bundle())
        _ = try good.verified(identityKey: bob.identity.publicKey)
        #expect(throws: RatchetError.wrongIdentity) { try good.verified(identityKey: alice.identity.publicKey) }
        for bad in [
            changed(good, signed: foreign.signedPrekey), changed(good, kem: foreign.kemPrekey),
            changed(good, sealing: foreign.sealingKey),
        ] {
            #expect(throws: RatchetError.format(.invalidSignature)) {
                try bad.verified(identityKey: bob.identity.publicKey)
            }
        }
        #expect(throws: RatchetError.format(.numberZero)) {
            try changed(good, oneTime: OneTimePrekey(id: 0, key: Self.smallOrder))
                .verified(identityKey: bob.identity.publicKey)
        }
    }

    @Test(arguments: [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "16a567fe7d4ef5482ab4012c369bf8c5f11e8d0c2559dcda50fde59708f8aee5",
    ])
    func `an identity key of small or mixed order, or not canonical, is refused`(key: String) throws {
        let (_, bob) = Device.pair()
        let bad = changed(try bob.bundle(), identityKey: [UInt8](hex: key))
        #expect(throws: RatchetError.format(.invalidPublicKey)) {
            try bad.verified(identityKey: [UInt8](hex: key))
        }
    }

    @Test func `a prekey of small order opens no session`() throws {
        let (alice, bob) = Device.pair()
        let bundle = changed(try bob.bundle(), oneTime: OneTimePrekey(id: 1, key: Self.smallOrder))
        let verified = try bundle.verified(identityKey: bob.identity.publicKey)
        let before = alice.book
        #expect(throws: RatchetError.invalidAgreementKey) {
            try alice.book.open(verified, identity: alice.identity, at: alice.now, platform: NativePlatform.self)
        }
        #expect(alice.book == before)
    }

    @Test func `an ephemeral or identity key of small order in a prekey message is refused`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let message = try alice.send("one")
        var ephemeral = message
        ephemeral.replaceSubrange(34..<66, with: Self.smallOrder)
        #expect(bob.refusal(of: ephemeral) == .invalidAgreementKey)
        var identity = message
        identity.replaceSubrange(2..<34, with: [1] + [UInt8](repeating: 0, count: 31))
        let book = bob.book
        bob.book = SessionBook(peerIdentity: Array(identity[2..<34]))
        #expect(bob.refusal(of: identity) == .format(.invalidPublicKey))
        bob.book = book
        #expect(try bob.receive(message) == "one")
    }

    @Test func `a key that is no ML-KEM key is refused when it is used`() throws {
        #expect(throws: RatchetError.invalidKEMKey) {
            try NativePlatform.kemEncapsulate(to: [UInt8](repeating: 0xff, count: 1568))
        }
        #expect(throws: RatchetError.invalidKEMKey) { try NativePlatform.kemEncapsulate(to: [1]) }
        #expect(throws: RatchetError.invalidKEMKey) {
            try NativePlatform.kemDecapsulate([1], seed: WipedBytes(random: 64))
        }
        #expect(throws: RatchetError.invalidKEMKey) { try NativePlatform.kemPublicKey(seed: WipedBytes(random: 63)) }
        #expect(throws: RatchetError.invalidKEMKey) {
            try NativePlatform.sealingPublicKey(seed: WipedBytes(random: 31))
        }
    }
}
