import Ratchet
import SealpostFormats
import SodiumKit
import Testing

@Suite struct PrekeyStoreTests {
    static let day: UInt64 = 86_400
    static let start: UInt64 = 1_700_000_000
    typealias Native = NativePlatform

    private func store() -> PrekeyStore {
        var store = PrekeyStore()
        store.rotate(at: Self.start, platform: Native.self)
        store.markLongLivedPublished(at: Self.start)
        return store
    }

    @Test func `public keys verify, and are the same each time they are made`() throws {
        let identity = DeviceIdentity()
        var store = store()
        store.addOneTimeKeys(x25519: 3, kem: 2, platform: Native.self)
        let keys = try #require(try store.longLivedPublicKeys(of: identity, platform: Native.self))
        try keys.signedPrekey.verify(by: identity.publicKey, crypto: SodiumFormatCrypto.self)
        try keys.lastResortPrekey.verify(by: identity.publicKey, crypto: SodiumFormatCrypto.self)
        try keys.sealingKey.verify(by: identity.publicKey, crypto: SodiumFormatCrypto.self)
        #expect(keys.sealingKey.created == Self.start)
        #expect(try store.longLivedPublicKeys(of: identity, platform: Native.self) == keys)

        let oneTime = try store.unpublishedKeys(of: identity, limit: 2, platform: Native.self)
        #expect(oneTime.x25519.map(\.id) == [4, 5])
        #expect(oneTime.kem.map(\.id) == [7, 8])
        for key in oneTime.kem { try key.verify(by: identity.publicKey, crypto: SodiumFormatCrypto.self) }
        #expect(try PrekeyStore().longLivedPublicKeys(of: identity, platform: Native.self) == nil)
    }

    @Test func `keys are rotated weekly, and only once until the server has confirmed`() {
        var store = PrekeyStore()
        #expect(store.needsRotation(at: Self.start))
        store.rotate(at: Self.start, platform: Native.self)
        #expect(store.needsRotation(at: Self.start))
        let made = store
        store.rotate(at: Self.start + 1, platform: Native.self)
        #expect(store == made)
        store.markLongLivedPublished(at: Self.start)
        #expect(!store.needsRotation(at: Self.start + 7 * Self.day - 1))
        #expect(store.needsRotation(at: Self.start + 7 * Self.day))
    }

    @Test func `a replaced half goes 45 days after replacement, if a poll was drained after day 14`() {
        var store = store()
        let replaced = Self.start + 7 * Self.day
        store.rotate(at: replaced - 100, platform: Native.self)
        store.dropExpired(at: replaced + 400 * Self.day)
        #expect(store.signed.keys.count == 2)
        store.markLongLivedPublished(at: replaced)

        store.noteDrainedPoll(at: replaced + 14 * Self.day - 1)
        store.dropExpired(at: replaced + 100 * Self.day)
        #expect(store.signed.keys.count == 2)
        store.noteDrainedPoll(at: replaced + 14 * Self.day)
        store.dropExpired(at: replaced + 45 * Self.day - 1)
        #expect(store.signed.keys.count == 2)
        store.dropExpired(at: replaced + 45 * Self.day)
        #expect(store.signed.keys.count == 1)
        #expect(store.lastResort.keys.count == 1)
        #expect(store.sealing.keys.count == 1)
        store.noteDrainedPoll(at: replaced + 500 * Self.day)
        store.dropExpired(at: replaced + 500 * Self.day)
        #expect(store.signed.keys.count == 1)
    }

    @Test func `a one-time half goes 45 days after the server was seen without it`() {
        var store = store()
        store.addOneTimeKeys(x25519: 4, kem: 1, platform: Native.self)
        let ids = store.oneTime.keys.map(\.id)
        store.markPublished(x25519: Array(ids.prefix(3)), kem: [])
        store.noteServerHolds(x25519: 1, kem: 0, at: Self.start)
        #expect(store.oneTime.keys.map { $0.missingSince != nil } == [true, true, false, false])
        store.noteServerHolds(x25519: 1, kem: 0, at: Self.start + 9 * Self.day)
        store.dropExpired(at: Self.start + 45 * Self.day - 1)
        #expect(store.oneTime.keys.count == 4)
        store.dropExpired(at: Self.start + 45 * Self.day)
        #expect(store.oneTime.keys.map(\.id) == Array(ids.suffix(2)))
        #expect(store.oneTimeKEM.keys.count == 1)
    }

    @Test func `a clock that goes back lets nothing go`() {
        var store = store()
        store.rotate(at: Self.start, platform: Native.self)
        store.markLongLivedPublished(at: Self.start)
        store.noteDrainedPoll(at: 0)
        store.noteDrainedPoll(at: Self.start + 20 * Self.day)
        store.dropExpired(at: 5)
        #expect(store.signed.keys.count == 2)
    }

    @Test func `ids are never used again`() throws {
        let (alice, bob) = Device.pair()
        let ids = { (store: PrekeyStore) in
            store.signed.keys.map(\.id) + store.lastResort.keys.map(\.id) + store.sealing.keys.map(\.id)
                + store.oneTime.keys.map(\.id) + store.oneTimeKEM.keys.map(\.id)
        }
        let before = ids(bob.prekeys)
        #expect(Set(before).count == before.count)
        try alice.open(bob)
        _ = try bob.receive(try alice.send("one"))
        bob.prekeys = try PrekeyStore(serialized: bob.prekeys.serialized())
        bob.publish(oneTime: 3)
        let new = ids(bob.prekeys).filter { !before.contains($0) }
        #expect(new.count == 9)
        #expect(try #require(new.min()) > (try #require(before.max())))
        #expect(!before.contains(0))
    }

    @Test func `the expected digest is that of what the server holds`() throws {
        let identity = DeviceIdentity()
        var store = store()
        store.addOneTimeKeys(x25519: 3, kem: 2, platform: Native.self)
        let keys = try #require(try store.longLivedPublicKeys(of: identity, platform: Native.self))
        let oneTime = try store.unpublishedKeys(of: identity, limit: 100, platform: Native.self)
        store.markPublished(x25519: oneTime.x25519.map(\.id), kem: oneTime.kem.map(\.id))
        store.noteServerHolds(x25519: 2, kem: 1, at: Self.start)

        var digest = PrekeyDigest()
        digest.add(keys.signedPrekey)
        digest.add(lastResort: keys.lastResortPrekey)
        digest.add(keys.sealingKey)
        for key in oneTime.x25519.suffix(2) { digest.add(key) }
        for key in oneTime.kem.suffix(1) { digest.add(oneTime: key) }
        #expect(
            try store.expectedDigest(of: identity, platform: Native.self)
                == digest.value(SodiumFormatCrypto.self))
        #expect(try PrekeyStore().expectedDigest(of: identity, platform: Native.self) == nil)
    }
}
