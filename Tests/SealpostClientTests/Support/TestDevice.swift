import Ratchet
import SealpostCore
import SealpostFormats
import SodiumKit
import Synchronization
import Testing

@testable import SealpostClient

/// A clock that stands until it is moved.
final class StandingClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))

    var now: Timestamp { time.withLock { $0 } }
    func move(_ duration: Duration) { time.withLock { $0 = $0 + duration } }

    var environment: ClientEnvironment {
        ClientEnvironment(now: { self.now }, sleep: { _ in }, random: { Random.bytes($0) })
    }
}

/// A listed device with a profile of its own and no server: envelopes are carried by hand.
final class TestDevice: Sendable {
    let owner: ListOwner
    let address: MailboxAddress
    let profile: Profile
    let clock: StandingClock
    private let place: TemporaryPlace
    private let nextSequence = Mutex<Int64>(1)

    /// Makes device `number` of `owner`; `list` has to name it.
    init(_ owner: ListOwner, _ number: UInt32 = 1, clock: StandingClock) async throws {
        self.owner = owner
        self.clock = clock
        address = MailboxAddress(handle: owner.handle, device: try #require(DeviceNumber(number)))
        place = TemporaryPlace()
        profile = try await place.create()
        let (handle, device, key, now) = (owner.handle, address.device, owner.publicKey, clock.now.unixSeconds)
        try await profile.transaction { transaction in
            try transaction.setDevice(
                DeviceRecord(
                    server: "http://localhost", handle: handle, name: "test", phase: .listed, number: device,
                    accountKey: Base64(key)))
            try DeviceKeys.create(in: transaction)
            var prekeys = PrekeyStore()
            prekeys.rotate(at: now, platform: NativePlatform.self)
            prekeys.markLongLivedPublished(at: now)
            prekeys.addOneTimeKeys(x25519: 3, kem: 3, platform: NativePlatform.self)
            try transaction.setPrekeys(prekeys)
        }
    }

    func identityKey() async throws -> [UInt8] {
        try await profile.transaction { try DeviceKeys.load(in: $0).identity.publicKey }
    }

    /// Learns a list as if the server had told it.
    func learn(_ offer: ListOffer, of owner: ListOwner) async throws {
        let (handle, now) = (owner.handle, clock.now)
        _ = try await profile.transaction { try $0.take(offer, of: handle, now: now) }.get()
    }

    /// What a claim of this device's keys gives; a fresh pair of one-time keys each time.
    func bundle() async throws -> PrekeyBundleAnswer {
        let number = address.device
        return try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            let longLived = try transaction.longLivedPrekeys(store)
            let oneTime = try transaction.unpublished(store)
            let (key, kem) = (try #require(oneTime.x25519.first), try #require(oneTime.kem.first))
            store.markPublished(x25519: [key.id], kem: [kem.id])
            try transaction.setPrekeys(store)
            return PrekeyBundleAnswer(
                device: number, identityKey: Base64(try DeviceKeys.load(in: transaction).identity.publicKey),
                signedPrekey: longLived.signedPrekey.body,
                oneTimePrekey: OneTimeKey(id: key.id, key: Base64(key.key)),
                kemPrekey: .init(
                    id: kem.id, key: Base64(kem.key), signature: Base64(kem.signature), lastResort: false),
                sealingKey: longLived.sealingKey.body)
        }
    }

    /// Encrypts a message for one device, claiming its keys if there is no session, as the outbox would.
    func send(
        _ body: PlaintextBody, to other: TestDevice, id: String? = nil, startsFresh: Bool = false
    ) async throws -> EnvelopeAnswer {
        let (handle, device, now) = (other.owner.handle, other.address.device, clock.now)
        let (messageID, depositID) = (id ?? clock.environment.newID().description, clock.environment.newID())
        let record = try await profile.transaction { transaction in
            try transaction.queue(
                body, id: messageID, to: handle, devices: [device], startsFresh: startsFresh, isAutomatic: true,
                now: now)
        }
        var bundles: [DeviceNumber: VerifiedBundle] = [:]
        for _ in 0..<2 {
            let known = bundles
            let result = try await profile.transaction {
                try $0.encrypt(record.number, bundles: known, id: depositID, now: now)
            }
            switch result {
            case .encrypted(let record):
                let deposit = try #require(record.deposit)
                try await profile.transaction { transaction in
                    try transaction.keepSent(record, deposit: deposit, now: now)
                    try transaction.remove(number: record.number, in: .outbox)
                }
                return other.envelope(deposit.envelopes[0].content.bytes, id: deposit.id, from: address.description)
            case .lacking:
                let contact = try #require(try await profile.transaction { try $0.contact(handle) })
                bundles[device] = try contact.verified(try await other.bundle(), claimed: now)
            case .nobody: break
            }
        }
        throw ClientError.notFound("a way to send")
    }

    /// Encrypts any content in the session that there is with another device.
    func seal(_ content: [UInt8], to other: TestDevice) async throws -> EnvelopeAnswer {
        let (peer, key) = (other.address, try await other.identityKey())
        let bytes = try await profile.transaction { transaction in
            var book = try #require(try transaction.book(peer, identityKey: key))
            let bytes = try book.encrypt(content)
            try transaction.setBook(book, peer)
            return bytes
        }
        return other.envelope(bytes, from: address.description)
    }

    /// An envelope in this device's mailbox.
    func envelope(_ content: [UInt8], id: EnvelopeID? = nil, from sender: String?) -> EnvelopeAnswer {
        let seq = nextSequence.withLock { next in
            defer { next += 1 }
            return next
        }
        return EnvelopeAnswer(
            seq: Sequence(seq), id: id ?? clock.environment.newID(), from: sender, kind: "message",
            received: clock.now, expires: clock.now + .days(30), content: Base64(content))
    }

    func open(
        _ envelope: EnvelopeAnswer, wasHeld: Bool = false, sendsReceipts: Bool = false
    ) async throws -> EnvelopeOpener.Outcome {
        let opener = EnvelopeOpener(environment: clock.environment, sendsReceipts: sendsReceipts)
        return try await profile.transaction { try opener.open(envelope, in: $0, wasHeld: wasHeld) }
    }

    /// What is kept, in order.
    func messages() async throws -> [Message] {
        try await profile.transaction { try $0.values(InboxRecord.self, after: 0, in: .inbox).map(\.message) }
    }

    func contents() async throws -> [Message.Content] { try await messages().map(\.content) }
    func outbox() async throws -> [OutboxRecord] { try await profile.transaction { try $0.outbox() } }
    func warnings() async throws -> [Warning] { try await profile.transaction { try $0.takeWarnings() } }
}

extension EnvelopeOpener.Outcome {
    var isDuplicate: Bool { if case .duplicate = self { true } else { false } }
    var isHeld: Bool { if case .held = self { true } else { false } }
    var told: [ToldList]? { if case .stored(let told) = self { told } else { nil } }
}

/// Alice and Bob, who know each other's first lists.
struct TwoDevices {
    let clock = StandingClock()
    let alice: TestDevice
    let bob: TestDevice
    let aliceList: ListOffer
    let bobList: ListOffer

    init() async throws {
        alice = try await TestDevice(try ListOwner("alice"), clock: clock)
        bob = try await TestDevice(try ListOwner("bob"), clock: clock)
        aliceList = try alice.owner.list(1, devices: [(1, try await alice.identityKey())])
        bobList = try bob.owner.list(1, devices: [(1, try await bob.identityKey())])
        for device in [alice, bob] {
            try await device.learn(aliceList, of: alice.owner)
            try await device.learn(bobList, of: bob.owner)
            _ = try await device.warnings()
        }
    }
}
