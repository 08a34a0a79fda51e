import Ratchet
import SealpostFormats
import SodiumKit
import Testing

/// One device with its keys and its sessions with one peer, on a clock that the test moves.
final class Device {
    let identity = DeviceIdentity()
    var prekeys = PrekeyStore()
    var book: SessionBook
    var now: UInt64 = 1_700_000_000

    init() { book = SessionBook(peerIdentity: []) }

    /// Two devices that know each other's identity keys and have published prekeys.
    static func pair() -> (alice: Device, bob: Device) {
        let (alice, bob) = (Device(), Device())
        alice.book = SessionBook(peerIdentity: bob.identity.publicKey)
        bob.book = SessionBook(peerIdentity: alice.identity.publicKey)
        for device in [alice, bob] { device.publish(oneTime: 5) }
        return (alice, bob)
    }

    func publish(oneTime count: Int) {
        prekeys.rotate(at: now, platform: NativePlatform.self)
        prekeys.markLongLivedPublished(at: now)
        prekeys.addOneTimeKeys(x25519: count, kem: count, platform: NativePlatform.self)
    }

    /// What the server would give out; `oneTime` says which one-time keys of each kind.
    func bundle(oneTime index: Int? = 0) throws -> PrekeyBundle {
        let longLived = try #require(try prekeys.longLivedPublicKeys(of: identity, platform: NativePlatform.self))
        let oneTime = try prekeys.unpublishedKeys(of: identity, limit: 100, platform: NativePlatform.self)
        return PrekeyBundle(
            identityKey: identity.publicKey, signedPrekey: longLived.signedPrekey,
            oneTimePrekey: index.map { oneTime.x25519[$0] },
            kemPrekey: index.map { oneTime.kem[$0] } ?? longLived.lastResortPrekey,
            sealingKey: longLived.sealingKey, claimed: now)
    }

    func open(_ peer: Device, oneTime index: Int? = 0) throws {
        let bundle = try peer.bundle(oneTime: index).verified(identityKey: peer.identity.publicKey)
        try book.open(bundle, identity: identity, at: now, platform: NativePlatform.self)
    }

    func send(_ text: String) throws -> [UInt8] { try book.encrypt(Array(text.utf8)) }

    func receive(_ envelope: [UInt8]) throws(RatchetError) -> String {
        String(
            decoding: try book.decrypt(
                envelope, identity: identity, prekeys: &prekeys, at: now, platform: NativePlatform.self),
            as: UTF8.self)
    }

    /// The error of a message that must not decrypt, after a check that nothing changed.
    func refusal(of envelope: [UInt8]) -> RatchetError? {
        let before = (book, prekeys)
        do {
            _ = try receive(envelope)
            return nil
        } catch {
            #expect(book == before.0)
            #expect(prekeys == before.1)
            return error
        }
    }
}
