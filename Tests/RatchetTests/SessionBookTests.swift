import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct SessionBookTests {
    @Test func `the handshake is repeated until the first answer`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let (first, second) = (try alice.send("one"), try alice.send("two"))
        #expect(try EnvelopeKind(of: first) == .prekeyMessage)
        #expect(try EnvelopeKind(of: second) == .prekeyMessage)
        #expect(try bob.receive(second) == "two")
        #expect(try bob.receive(first) == "one")
        #expect(bob.book.archived.isEmpty)

        let answer = try bob.send("three")
        #expect(try EnvelopeKind(of: answer) == .message)
        #expect(try alice.receive(answer) == "three")
        #expect(try EnvelopeKind(of: try alice.send("four")) == .message)
    }

    @Test func `without a session nothing is sent or received`() throws {
        let (alice, bob) = Device.pair()
        #expect(throws: RatchetError.noSession) { try alice.send("one") }
        #expect(alice.book.handshakeReason(at: alice.now) == .noSession)
        try alice.open(bob)
        _ = try bob.receive(try alice.send("one"))
        let answer = try bob.send("two")
        #expect(Device.pair().alice.refusal(of: answer) == .noSession)
    }

    @Test func `one-time halves go with success, never on failure`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let message = try alice.send("one")
        var damaged = message
        damaged[damaged.count - 1] ^= 1
        #expect(bob.refusal(of: damaged) == .authenticationFailed)
        #expect(bob.prekeys.oneTime.keys.count == 5)
        #expect(try bob.receive(message) == "one")
        #expect(bob.prekeys.oneTime.keys.count == 4)
        #expect(bob.prekeys.oneTimeKEM.keys.count == 4)
    }

    @Test func `a repeated prekey message is a duplicate while its session lives`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let message = try alice.send("one")
        _ = try bob.receive(message)
        #expect(bob.refusal(of: message) == .duplicate)
        // Archived, too.
        try bob.open(alice)
        #expect(bob.refusal(of: message) == .duplicate)
    }

    @Test func `a replay with one-time keys finds no private half once its session is gone`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let message = try alice.send("one")
        _ = try bob.receive(message)
        bob.book = SessionBook(peerIdentity: alice.identity.publicKey)
        #expect(bob.refusal(of: message) == .unknownPrekey)
    }

    @Test func `a replay without one-time keys is remembered as long as the last-resort half lives`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob, oneTime: nil)
        let message = try alice.send("one")
        #expect(try bob.receive(message) == "one")
        bob.book = SessionBook(peerIdentity: alice.identity.publicKey)
        #expect(bob.refusal(of: message) == .repeatedHandshake)
        bob.prekeys = try PrekeyStore(serialized: bob.prekeys.serialized())
        #expect(bob.refusal(of: message) == .repeatedHandshake)

        // The same point written otherwise is the same handshake.
        var otherwise = message
        otherwise[2 + 32 + 31] |= 0x80
        #expect(bob.refusal(of: otherwise) == .invalidAgreementKey)

        bob.now += 1
        bob.publish(oneTime: 0)
        bob.now += 46 * 86_400
        bob.prekeys.noteDrainedPoll(at: bob.now)
        bob.prekeys.dropExpired(at: bob.now)
        #expect(bob.refusal(of: message) == .unknownPrekey)
    }

    @Test func `a one-time key cannot serve two handshakes`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        _ = try bob.receive(try alice.send("one"))
        let bundle = PrekeyBundle(
            identityKey: bob.identity.publicKey, signedPrekey: try bob.bundle(oneTime: nil).signedPrekey,
            oneTimePrekey: OneTimePrekey(id: 4, key: X25519.PrivateKey().publicKey),
            kemPrekey: try bob.bundle(oneTime: nil).kemPrekey, sealingKey: nil, claimed: alice.now)
        try alice.book.open(
            bundle.verified(identityKey: bob.identity.publicKey), identity: alice.identity, at: alice.now,
            platform: NativePlatform.self)
        #expect(bob.refusal(of: try alice.send("two")) == .unknownPrekey)
    }

    @Test func `two sides that opened at once converge on one session`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        try bob.open(alice)
        let (fromAlice, fromBob) = (try alice.send("a"), try bob.send("b"))
        #expect(try alice.receive(fromBob) == "b")
        #expect(try bob.receive(fromAlice) == "a")
        // From here on they take turns.
        for round in 0..<4 {
            #expect(try bob.receive(try alice.send("a\(round)")) == "a\(round)")
            #expect(try alice.receive(try bob.send("b\(round)")) == "b\(round)")
        }
        #expect(alice.book.active?.mark == bob.book.active?.mark)
        #expect(try EnvelopeKind(of: try alice.send("x")) == .message)
        #expect(try EnvelopeKind(of: try bob.send("x")) == .message)
    }

    @Test func `the session that decrypts becomes the active one`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        _ = try bob.receive(try alice.send("one"))
        _ = try alice.receive(try bob.send("two"))
        let late = try alice.send("late")
        let first = alice.book.active?.mark
        try alice.open(bob, oneTime: 1)
        _ = try bob.receive(try alice.send("three"))
        #expect(bob.book.active?.mark != first)
        #expect(try bob.receive(late) == "late")
        #expect(bob.book.active?.mark == first)
        #expect(bob.book.active?.archived == nil)
        #expect(bob.book.archived.count == 1)
        #expect(bob.refusal(of: late) == .duplicate)
    }

    @Test func `at most forty sessions are archived, and none longer than 45 days`() throws {
        let (alice, bob) = Device.pair()
        var first: [UInt8] = []
        for round in 0...41 {
            try alice.open(bob, oneTime: nil)
            let message = try alice.send("\(round)")
            if round == 0 { first = message }
            #expect(try bob.receive(message) == "\(round)")
        }
        #expect(bob.book.archived.count == 40)
        #expect(bob.refusal(of: first) == .repeatedHandshake)
        bob.book.dropExpired(at: bob.now + 45 * 86_400 - 1)
        #expect(bob.book.archived.count == 40)
        bob.book.dropExpired(at: bob.now + 45 * 86_400)
        #expect(bob.book.archived.isEmpty)
        #expect(bob.book.active != nil)
    }

    @Test func `a handshake is due after 30 days, a thousand messages, or 7 days unanswered`() throws {
        let (alice, bob) = Device.pair()
        let day: UInt64 = 86_400
        try alice.open(bob)
        let message = try alice.send("one")
        #expect(alice.book.handshakeReason(at: alice.now + 7 * day - 1) == nil)
        #expect(alice.book.handshakeReason(at: alice.now + 7 * day) == .unanswered)
        _ = try bob.receive(message)
        _ = try alice.receive(try bob.send("two"))
        #expect(alice.book.handshakeReason(at: alice.now + 30 * day - 1) == nil)
        #expect(alice.book.handshakeReason(at: alice.now + 30 * day) == .worn)
        for _ in 0..<997 { _ = try alice.send("x") }
        #expect(alice.book.handshakeReason(at: alice.now) == nil)
        _ = try alice.send("x")
        #expect(alice.book.handshakeReason(at: alice.now) == .worn)
    }

    @Test func `a bundle older than 7 days is not used`() throws {
        let (alice, bob) = Device.pair()
        let bundle = try bob.bundle().verified(identityKey: bob.identity.publicKey)
        let week: UInt64 = 7 * 86_400
        try alice.book.open(bundle, identity: alice.identity, at: alice.now + week, platform: NativePlatform.self)
        #expect(throws: RatchetError.staleBundle) {
            try alice.book.open(
                bundle, identity: alice.identity, at: alice.now + week + 1, platform: NativePlatform.self)
        }
    }

    @Test func `messages of another device are refused`() throws {
        let (alice, bob) = Device.pair()
        let (mallory, _) = Device.pair()
        mallory.book = SessionBook(peerIdentity: bob.identity.publicKey)
        try mallory.open(bob)
        #expect(bob.refusal(of: try mallory.send("hi")) == .wrongIdentity)
        #expect(throws: RatchetError.wrongIdentity) { try alice.open(mallory) }
    }

    @Test func `other kinds of envelopes belong to no session`() throws {
        let (alice, _) = Device.pair()
        let sealed = [UInt8](repeating: 0, count: 1200)
        #expect(alice.refusal(of: [1, 3] + sealed) == .notOfSession)
        #expect(alice.refusal(of: [1, 0x7f, 1, 0x61] + sealed) == .notOfSession)
        #expect(alice.refusal(of: [2, 1]) == .format(.unknownVersion(2)))
        #expect(alice.refusal(of: []) == .format(.truncated))
    }
}
