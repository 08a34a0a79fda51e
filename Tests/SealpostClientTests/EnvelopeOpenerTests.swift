import SealpostCore
import SealpostFormats
import Testing

@testable import SealpostClient

struct EnvelopeOpenerTests {
    @Test func aFirstMessageOpensAndTheAnswerEndsTheHandshake() async throws {
        let world = try await TwoDevices()
        let (alice, bob) = (world.alice, world.bob)
        let hello = try await alice.send(.text("hello", replyTo: nil), to: bob)
        #expect(try EnvelopeKind(of: hello.content.bytes) == .prekeyMessage)
        #expect(try await bob.open(hello).told == [])
        #expect(try await bob.contents() == [.text("hello", replyTo: nil)])
        #expect(try await bob.messages().first?.from == alice.address)

        #expect(try await alice.open(try await bob.send(.text("hi", replyTo: nil), to: alice)).told == [])
        let more = try await alice.send(.text("more", replyTo: nil), to: bob)
        #expect(try EnvelopeKind(of: more.content.bytes) == .message)
        _ = try await bob.open(more)
        #expect(try await bob.contents().last == .text("more", replyTo: nil))
    }

    @Test func anEnvelopeThatComesTwiceIsStoredOnce() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(hello)
        #expect(try await world.bob.open(hello).isDuplicate)
        #expect(try await world.bob.messages().count == 1)
    }

    @Test func aMessageThatIsSentAgainInAnotherEnvelopeIsStoredOnce() async throws {
        let world = try await TwoDevices()
        _ = try await world.bob.open(try await world.alice.send(.text("x", replyTo: nil), to: world.bob, id: "same"))
        let again = try await world.alice.send(.text("x", replyTo: nil), to: world.bob, id: "same")
        #expect(try await world.bob.open(again).isDuplicate)
        #expect(try await world.bob.messages().count == 1)
    }

    @Test func aReplayUnderAnotherEnvelopeIDIsStoredOnce() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(hello)
        let replay = world.bob.envelope(hello.content.bytes, from: hello.from)
        #expect(try await world.bob.open(replay).isDuplicate)
        #expect(try await world.bob.messages().count == 1)
    }

    @Test func aTransactionThatFailsAfterwardsLeavesTheMessageToBeOpenedAgain() async throws {
        struct Crash: Error {}
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        let opener = EnvelopeOpener(environment: world.clock.environment, sendsReceipts: false)
        await #expect(throws: ClientError.self) {
            try await world.bob.profile.transaction { transaction in
                _ = try opener.open(hello, in: transaction)
                throw Crash()
            }
        }
        #expect(try await world.bob.messages().isEmpty)
        _ = try await world.bob.open(hello)
        #expect(try await world.bob.contents() == [.text("hello", replyTo: nil)])
    }

    @Test func mailFromADeviceThatIsNotListedIsHeldUntilItIs() async throws {
        let world = try await TwoDevices()
        let second = try await TestDevice(world.alice.owner, 2, clock: world.clock)
        let list = try world.alice.owner.list(
            2, after: world.aliceList,
            devices: [(1, try await world.alice.identityKey()), (2, try await second.identityKey())])
        try await second.learn(list, of: world.alice.owner)
        try await second.learn(world.bobList, of: world.bob.owner)
        let hello = try await second.send(.text("from two", replyTo: nil), to: world.bob)
        #expect(try await world.bob.open(hello).isHeld)
        #expect(try await world.bob.messages().isEmpty)
        #expect(try await world.bob.open(hello, wasHeld: true).isHeld)

        try await world.bob.learn(list, of: world.alice.owner)
        _ = try await world.bob.open(hello, wasHeld: true)
        #expect(try await world.bob.contents() == [.text("from two", replyTo: nil)])
    }

    @Test func mailOfAStrangerIsHeld() async throws {
        let world = try await TwoDevices()
        let envelope = world.bob.envelope([0x01, 0x02] + [UInt8](repeating: 0, count: 80), from: "carol.1")
        #expect(try await world.bob.open(envelope).isHeld)
    }

    @Test func mailOfARemovedDeviceIsMarkedIfItCameBeforeAndRefusedAfter() async throws {
        let world = try await TwoDevices()
        let before = try await world.alice.send(.text("before", replyTo: nil), to: world.bob)
        world.clock.move(.seconds(10))
        let list = try world.alice.owner.list(2, after: world.aliceList, devices: [])
        try await world.bob.learn(list, of: world.alice.owner)
        world.clock.move(.seconds(10))
        let after = try await world.alice.send(.text("after", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(before)
        _ = try await world.bob.open(after)
        let messages = try await world.bob.messages()
        #expect(messages.first?.content == .text("before", replyTo: nil))
        #expect(messages.first?.marks == [.removedDevice])
        #expect(messages.last?.content == .undecryptable(reason: "the sending device was removed before"))
    }

    @Test func aHandshakeUnderAnotherSendersNameIsNoticed() async throws {
        let world = try await TwoDevices()
        let carol = try await TestDevice(try ListOwner("carol"), clock: world.clock)
        try await world.bob.learn(
            try carol.owner.list(1, devices: [(1, try await carol.identityKey())]), of: carol.owner)
        _ = try await world.bob.warnings()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(world.bob.envelope(hello.content.bytes, from: "carol.1"))
        #expect(
            try await world.bob.contents() == [.undecryptable(reason: "its key is not the listed one of carol.1")])
        #expect(
            try await world.bob.warnings()
                == [.trust(TrustFailure(carol.owner.handle, .identityKeyMismatch, "device 1"))])
    }

    @Test func aMessageForAnotherDeviceIsRefused() async throws {
        let world = try await TwoDevices()
        let other = MailboxAddress(handle: world.bob.owner.handle, device: try #require(DeviceNumber(2)))
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        try await world.bob.profile.transaction { transaction in
            var device = try transaction.device()
            device.number = other.device
            try transaction.setDevice(device)
        }
        _ = try await world.bob.open(hello)
        #expect(
            try await world.bob.contents() == [.undecryptable(reason: "it says that it goes from alice.1 to bob.1")])
    }

    @Test func kindsThatCannotBeOpenedAreKeptAsSuch() async throws {
        let bob = try await TwoDevices().bob
        let sealed = bob.envelope([0x01, 0x03] + [UInt8](repeating: 1, count: 1200), from: nil)
        let foreign = bob.envelope([0x01, 0x7f, 4] + Array("test".utf8) + [1, 2], from: "alice.1")
        _ = try await bob.open(sealed)
        _ = try await bob.open(foreign)
        #expect(try await bob.contents() == [.unsupported(kind: "sealed"), .unsupported(kind: "foreign")])
    }
}
