import SealpostCore
import Testing

@testable import SealpostClient

/// What each kind of message does where it arrives.
struct MessageKindTests {
    @Test func anUnknownKindIsKeptWhole() async throws {
        let world = try await TwoDevices()
        let envelope = try await world.alice.send(.unknown(kind: "poll"), to: world.bob)
        _ = try await world.bob.open(envelope)
        guard case .unknown(let kind, let json) = try await world.bob.contents().first else {
            Issue.record("not kept")
            return
        }
        #expect(kind == "poll")
        #expect(json.contains(#""kind":"poll""#))
    }

    @Test func aProfileNamesTheContact() async throws {
        let world = try await TwoDevices()
        _ = try await world.bob.open(
            try await world.alice.send(.profile(name: "Alice A.", depositToken: "token"), to: world.bob))
        let handle = world.alice.owner.handle
        let contact = try await world.bob.profile.transaction { try $0.contact(handle) }
        #expect(contact?.name == "Alice A.")
        #expect(contact?.depositToken == "token")
    }

    @Test func aSyncIsBelievedFromOnesOwnDevicesOnly() async throws {
        let world = try await TwoDevices()
        let second = try await TestDevice(world.alice.owner, 2, clock: world.clock)
        let list = try world.alice.owner.list(
            2, after: world.aliceList,
            devices: [(1, try await world.alice.identityKey()), (2, try await second.identityKey())])
        for device in [second, world.alice] { try await device.learn(list, of: world.alice.owner) }
        let told = SyncedMessage(
            to: world.bob.owner.handle, id: "an-id", at: world.clock.now, body: .text("hi bob", replyTo: nil))
        _ = try await second.open(try await world.alice.send(.sync(told), to: second))
        #expect(
            try await second.contents()
                == [.sent(to: world.bob.owner.handle, id: "an-id", content: .text("hi bob", replyTo: nil))])

        _ = try await world.bob.open(try await world.alice.send(.sync(told), to: world.bob))
        guard case .unknown(let kind, _) = try await world.bob.contents().first else {
            Issue.record("a stranger's sync was believed")
            return
        }
        #expect(kind == "sync")
    }

    @Test func aReceiptGoesOutForATextIfWanted() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob, id: "an-id")
        _ = try await world.bob.open(hello, sendsReceipts: true)
        #expect(try await world.bob.outbox().map(\.body) == [.receipt(ids: ["an-id"], status: .delivered)])
    }

    @Test func aNewerListThatAMessageTellsIsToBeLookedInto() async throws {
        let world = try await TwoDevices()
        let list = try world.alice.owner.list(
            2, after: world.aliceList, devices: [(1, try await world.alice.identityKey())])
        try await world.alice.learn(list, of: world.alice.owner)
        let told = try await world.bob.open(try await world.alice.send(.text("hi", replyTo: nil), to: world.bob)).told
        #expect(told?.map(\.list.version) == [2])
        #expect(told?.map(\.handle) == [world.alice.owner.handle])
        // It was taken all the same.
        #expect(try await world.bob.contents() == [.text("hi", replyTo: nil)])
    }

    @Test func anotherHashOfAKnownListIsToBeLookedInto() async throws {
        let world = try await TwoDevices()
        // Alice was told another first list of Bob than Bob has himself.
        let second = newIdentityKey()
        let forked = try world.bob.owner.list(1, devices: [(1, try await world.bob.identityKey()), (2, second)])
        let alice = try await TestDevice(world.alice.owner, clock: world.clock)
        let list = try world.alice.owner.list(
            2, after: world.aliceList, devices: [(1, try await alice.identityKey())])
        try await alice.learn(list, of: world.alice.owner)
        try await alice.learn(forked, of: world.bob.owner)
        try await world.bob.learn(list, of: world.alice.owner)
        let told = try await world.bob.open(try await alice.send(.text("hi", replyTo: nil), to: world.bob)).told
        #expect(told?.map(\.handle) == [world.bob.owner.handle])
    }
}
