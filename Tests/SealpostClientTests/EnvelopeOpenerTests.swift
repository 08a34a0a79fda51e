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

    @Test func aReplayUnderAnotherEnvelopeIDIsShownAsSuchAndItsTextOnce() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(hello)
        let replay = world.bob.envelope(hello.content.bytes, from: hello.from)
        #expect(try await world.bob.open(replay).told == [])
        #expect(try await world.bob.contents() == [.text("hello", replyTo: nil), Self.usedNumber])
    }

    @Test func aForgeryWithTheNumberOfAnOpenedMessageIsShownAndAskedFor() async throws {
        let world = try await TwoDevices()
        let (alice, bob) = (world.alice, world.bob)
        _ = try await bob.open(try await alice.send(.text("one", replyTo: nil), to: bob))
        _ = try await alice.open(try await bob.send(.text("two", replyTo: nil), to: alice))
        let three = try await alice.send(.text("three", replyTo: nil), to: bob)
        _ = try await bob.open(three)
        let forged = bob.envelope(Array(three.content.bytes.dropLast()) + [0], from: alice.address.description)
        _ = try await bob.open(forged)
        #expect(try await bob.contents().last == Self.usedNumber)
        #expect(try await bob.outbox().map(\.body) == [.reset(failed: [forged.id.description])])
        #expect(try await bob.open(forged).isDuplicate)
    }

    private static let usedNumber = Message.Content.undecryptable(
        reason: "a message with its number was opened before")

    @Test func whateverAnEnvelopeHoldsIsKeptAndTheNextOneOpens() async throws {
        let world = try await TwoDevices()
        let (alice, bob) = (world.alice, world.bob)
        var envelopes = Malformed.ofEveryKind
        let hello = try await alice.send(.text("hello", replyTo: nil), to: bob)
        envelopes += Malformed.variants(of: hello.content.bytes)
        for (index, content) in envelopes.enumerated() {
            #expect(try await bob.open(bob.envelope(content, from: "alice.1")).told == [], "\(index)")
        }
        #expect(try await bob.messages().count == envelopes.count)
        #expect(try await bob.contents().allSatisfy(\.isUnreadable))
        _ = try await bob.open(hello)
        #expect(try await bob.contents().last == .text("hello", replyTo: nil))

        _ = try await alice.open(try await bob.send(.text("hi", replyTo: nil), to: alice))
        let more = try await alice.send(.text("more", replyTo: nil), to: bob)
        #expect(try EnvelopeKind(of: more.content.bytes) == .message)
        for (index, content) in Malformed.variants(of: more.content.bytes).enumerated() {
            #expect(try await bob.open(bob.envelope(content, from: "alice.1")).told == [], "\(index)")
            #expect(try await bob.contents().last?.isUnreadable == true, "\(index)")
        }
        _ = try await bob.open(more)
        #expect(try await bob.contents().last == .text("more", replyTo: nil))
    }

    @Test(arguments: [nil, "", "alice", "alice.0", "alice.1.1", "\u{0}"])
    func anEnvelopeWhoseSenderIsNoDeviceIsKept(sender: String?) async throws {
        let bob = try await TwoDevices().bob
        for content in Malformed.ofEveryKind {
            #expect(try await bob.open(bob.envelope(content, from: sender)).told == [])
        }
        #expect(try await bob.contents().allSatisfy(\.isUnreadable))
    }

    @Test func aHeldEnvelopeThatCannotBeOpenedIsKeptWhenItsSenderIsListed() async throws {
        let world = try await TwoDevices()
        let second = try await TestDevice(world.alice.owner, 2, clock: world.clock)
        let envelopes = Malformed.ofEveryKind.filter {
            [[1, 1], [1, 2]].contains(Array($0.prefix(2))) && $0.count > 2_000
        }
        .map { world.bob.envelope($0, from: second.address.description) }
        for envelope in envelopes { #expect(try await world.bob.open(envelope).isHeld) }
        let list = try world.alice.owner.list(
            2, after: world.aliceList,
            devices: [(1, try await world.alice.identityKey()), (2, try await second.identityKey())])
        try await world.bob.learn(list, of: world.alice.owner)
        for envelope in envelopes { #expect(try await world.bob.open(envelope, wasHeld: true).told == []) }
        #expect(try await world.bob.contents().count == envelopes.count)
        #expect(try await world.bob.contents().allSatisfy(\.isUnreadable))
    }

    @Test func whateverAPlaintextHoldsIsKeptAndReadAgain() async throws {
        let world = try await TwoDevices()
        let (alice, bob) = (world.alice, world.bob)
        _ = try await bob.open(try await alice.send(.text("hello", replyTo: nil), to: bob))
        let nested = String(
            repeating: #"{"kind":"sync","to":"bob","id":"i","at":"2026-01-01T00:00:00Z","message":"#, count: 400)
        let bodies = [
            #""kind":"text""#, #""kind":"text","text":7"#, #""kind":"","text":"x""#, #""kind":"reset","failed":[""]"#,
            #""kind":"receipt","ids":[],"status":"lost""#, #""kind":"profile","name":"\u0000""#,
            #""kind":"sync","message":\#(nested)0\#(String(repeating: "}", count: 400))"#,
        ]
        let hash = Base64([UInt8](repeating: 0, count: 32)).description
        let times = [
            "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "999999999999-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
            "2026-99-99T99:99:99Z", "2026-01-01T00:00:00.123456789Z",
        ]
        let heads =
            times.map { #""id":"t","at":"\#($0)","lists":{"own":[1,"AA=="],"peer":[1,"AA=="]}"# } + [
                #""id":"i","at":"2026-01-01T00:00:00Z","lists":{"own":[1,"\#(hash)"],"peer":[0,""]}"#,
                #""id":"j","at":"0001-01-01T00:00:00Z","lists":{"own":[18446744073709551615,"AA=="],"peer":[1,"AA=="]}"#,
                #""id":"k","at":"9999-12-31T23:59:59.999Z","lists":{"own":[1,"AA=="],"peer":[1,"AA=="]}"#,
                #""id":"","at":"2026-01-01T00:00:00Z","lists":{"own":[1,"AA=="],"peer":[1,"AA=="]}"#,
                #""id":"l","at":"never","lists":{"own":[],"peer":[-1,"AA=="]}"#,
            ]
        var contents = ["", "null", "[]", "{}", "\"", String(repeating: "[", count: 100_000)].map { Array($0.utf8) }
        contents.append([0xff, 0xfe, 0x00, 0x80])
        for (number, head) in heads.enumerated() {
            for (index, body) in bodies.enumerated() {
                let unique = head.replacing(#""id":""#, with: #""id":"\#(number)\#(index)"#)
                contents.append(Array(#"{"v":1,"from":"alice.1","to":"bob.1",\#(unique),\#(body)}"#.utf8))
            }
        }
        for (index, content) in contents.enumerated() {
            let outcome = try await bob.open(try await alice.seal(content, to: bob))
            #expect(outcome.told != nil, "\(index)")
        }
        // All of it can be read again, and the next message opens.
        #expect(try await bob.messages().count > heads.count)
        _ = try await bob.open(try await alice.send(.text("more", replyTo: nil), to: bob))
        #expect(try await bob.contents().last == .text("more", replyTo: nil))
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
