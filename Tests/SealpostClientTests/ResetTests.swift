import SealpostCore
import SealpostFormats
import Testing

@testable import SealpostClient

/// What cannot be opened is asked for again, and what was lost leads to new sessions.
struct ResetTests {
    private func garbled(_ envelope: EnvelopeAnswer, for device: TestDevice) -> EnvelopeAnswer {
        var bytes = envelope.content.bytes
        bytes[bytes.count - 1] ^= 1
        return device.envelope(bytes, id: envelope.id, from: envelope.from)
    }

    @Test func whatCannotBeOpenedIsShownAndAskedForInAFreshHandshake() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(garbled(hello, for: world.bob))
        #expect(try await world.bob.contents() == [.undecryptable(reason: "no known key opens it")])
        let reset = try #require(try await world.bob.outbox().first)
        #expect(reset.body == .reset(failed: [hello.id.description]))
        #expect(reset.devices == [world.alice.address.device])
        #expect(reset.startsFresh)
        #expect(reset.due == world.clock.now)
    }

    @Test func oneRequestAnHourNamesEverythingThatFailedMeanwhile() async throws {
        let world = try await TwoDevices()
        var ids: [String] = []
        for _ in 0..<2 {
            let envelope = try await world.alice.send(.text("x", replyTo: nil), to: world.bob)
            ids.append(envelope.id.description)
            _ = try await world.bob.open(garbled(envelope, for: world.bob))
        }
        let first = try #require(try await world.bob.outbox().first)
        #expect(first.body == .reset(failed: ids))
        #expect(try await world.bob.outbox().count == 1)

        // The first one is on its way; the next is an hour away.
        try await world.bob.profile.transaction { try $0.remove(number: first.number, in: .outbox) }
        world.clock.move(.minutes(20))
        let envelope = try await world.alice.send(.text("x", replyTo: nil), to: world.bob)
        _ = try await world.bob.open(garbled(envelope, for: world.bob))
        let next = try #require(try await world.bob.outbox().first)
        #expect(next.body == .reset(failed: [envelope.id.description]))
        #expect(next.due == first.due + .hours(1))
    }

    @Test func aRequestIsAnsweredWithWhatWasSentToThatDevice() async throws {
        let world = try await TwoDevices()
        let hello = try await world.alice.send(.text("hello", replyTo: nil), to: world.bob, id: "an-id")
        _ = try await world.bob.open(garbled(hello, for: world.bob))
        let reset = try await world.bob.send(
            .reset(failed: [hello.id.description, "never-sent"]), to: world.alice, startsFresh: true)
        _ = try await world.alice.open(reset)
        let again = try await world.alice.outbox()
        #expect(again.map(\.body) == [.text("hello", replyTo: nil)])
        #expect(again.map(\.id) == ["an-id"])
        #expect(again.map(\.devices) == [[world.bob.address.device]])
        // It is not shown.
        #expect(try await world.alice.messages().isEmpty)

        let record = try #require(again.first)
        _ = try await world.bob.open(try await world.alice.send(record.body, to: world.bob, id: record.id))
        #expect(try await world.bob.contents().last == .text("hello", replyTo: nil))
    }

    @Test func whatIsAskedForIsSentAgainInItsOrderAndOnce() async throws {
        let world = try await TwoDevices()
        let ids = (0..<8).map { "message \($0)" }
        var failed: [String] = []
        for id in ids {
            let envelope = try await world.alice.send(.text(id, replyTo: nil), to: world.bob, id: id)
            failed.append(envelope.id.description)
        }
        _ = try await world.alice.open(
            try await world.bob.send(.reset(failed: failed + failed.reversed()), to: world.alice))
        #expect(try await world.alice.outbox().map(\.id) == ids)
    }

    @Test func nobodyGetsWhatWasSentToSomeoneElse() async throws {
        let world = try await TwoDevices()
        let carol = try await TestDevice(try ListOwner("carol"), clock: world.clock)
        let list = try carol.owner.list(1, devices: [(1, try await carol.identityKey())])
        try await carol.learn(list, of: carol.owner)
        try await carol.learn(world.aliceList, of: world.alice.owner)
        try await world.alice.learn(list, of: carol.owner)
        let hello = try await world.alice.send(.text("for bob", replyTo: nil), to: world.bob)
        _ = try await world.alice.open(
            try await carol.send(.reset(failed: [hello.id.description]), to: world.alice))
        #expect(try await world.alice.outbox().isEmpty)
    }

    @Test func anArchivedSessionWithADeviceThatHasGoneQuietIsForgotten() async throws {
        let world = try await TwoDevices()
        for text in ["one", "two"] {
            _ = try await world.alice.send(.text(text, replyTo: nil), to: world.bob, startsFresh: true)
        }
        let (peer, key) = (world.bob.address, try await world.bob.identityKey())
        func archived(_ now: Timestamp) async throws -> Int? {
            try await world.alice.profile.transaction { transaction in
                try transaction.dropExpiredSessions(at: now)
                return try transaction.book(peer, identityKey: key)?.archived.count
            }
        }
        #expect(try await archived(world.clock.now) == 1)
        // Taken off the list meanwhile.
        let list = try world.bob.owner.list(2, after: world.bobList, devices: [])
        try await world.alice.learn(list, of: world.bob.owner)
        #expect(try await archived(world.clock.now + .days(46)) == 0)
    }

    @Test func aLossOfFiveHundredStartsFreshWithEveryDeviceThatHasASession() async throws {
        let world = try await TwoDevices()
        _ = try await world.bob.open(try await world.alice.send(.text("hello", replyTo: nil), to: world.bob))
        func note(_ tombstones: [Tombstone]) async throws {
            var answer = MailboxAnswer(
                account: AccountStateAnswer(listVersion: nil, listHash: nil, pendingDevices: []), wait: 0)
            answer.tombstones = tombstones
            let (told, now) = (answer, world.clock.now)
            try await world.bob.profile.transaction { try $0.note(told, now: now) { "an-id" } }
        }
        let first = Tombstone(from: Sequence(2), through: Sequence(400), reason: .expired, count: 399)
        try await note([first])
        // Told again whole after it grew.
        try await note([Tombstone(from: Sequence(2), through: Sequence(500), reason: .expired, count: 499)])
        #expect(try await world.bob.outbox().isEmpty)
        try await note([Tombstone(from: Sequence(502), through: Sequence(502), reason: .withdrawn, count: 1)])
        let resets = try await world.bob.outbox()
        #expect(resets.map(\.body) == [.reset(failed: [])])
        #expect(resets.map(\.recipient) == [world.alice.owner.handle])
        #expect(resets.map(\.startsFresh) == [true])
        #expect(
            try await world.bob.warnings() == [
                .mailLost(count: 399, reason: .expired), .mailLost(count: 100, reason: .expired),
                .mailLost(count: 1, reason: .withdrawn),
            ])
    }
}
