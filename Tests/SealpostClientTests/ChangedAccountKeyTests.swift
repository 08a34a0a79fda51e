import SealpostCore
import Testing

@testable import SealpostClient

/// A contact who lost everything and began again under the same handle.
struct ChangedAccountKeyTests {
    @Test func mailStopsUntilTheNewKeyIsAcceptedAndThenGoesToTheNewDeviceOnly() async throws {
        let world = try await TwoDevices()
        let (alice, handle, now) = (world.alice, world.bob.owner.handle, world.clock.now)
        _ = try await world.bob.open(try await alice.send(.text("before", replyTo: nil), to: world.bob))
        _ = try await alice.open(try await world.bob.send(.text("answer", replyTo: nil), to: alice))

        let successor = try await TestDevice(try ListOwner("bob"), clock: world.clock)
        let list = try successor.owner.list(1, devices: [(1, try await successor.identityKey())])
        try await successor.learn(list, of: successor.owner)
        try await successor.learn(world.aliceList, of: alice.owner)
        // What the successor sends is not taken for Bob's, and nothing goes to either of them.
        _ = try await alice.open(try await successor.send(.text("it is me", replyTo: nil), to: alice))
        #expect(
            try await alice.contents().last == .undecryptable(reason: "its key is not the listed one of bob.1"))
        _ = try await alice.profile.transaction { try $0.take(list, of: handle, now: now) }
        for device in [world.bob, successor] {
            await #expect(throws: ClientError.self) {
                try await alice.send(.text("to whom?", replyTo: nil), to: device)
            }
        }

        try await alice.profile.transaction { transaction in
            var contact = try #require(try transaction.contact(handle))
            let isAccepted = contact.acceptOffer()
            #expect(isAccepted)
            try transaction.setContact(contact)
        }
        let hello = try await alice.send(.text("hello again", replyTo: nil), to: successor)
        _ = try await successor.open(hello)
        #expect(try await successor.contents() == [.text("hello again", replyTo: nil)])
        _ = try await alice.open(try await successor.send(.text("and you", replyTo: nil), to: alice))
        #expect(try await alice.contents().last == .text("and you", replyTo: nil))
        _ = try await world.bob.open(world.bob.envelope(hello.content.bytes, from: hello.from))
        #expect(try await world.bob.contents().last?.isUnreadable == true)
    }
}
