import SealpostCore
import Synchronization
import Testing

@testable import SealpostClient

/// Sending and receiving through the library, where things go wrong on the way.
@Suite(.timeLimit(.minutes(10)))
struct ClientDeliveryTests {
    @Test func whatArrivesGarbledIsSentAgainAndShownOnce() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        try await alice.send("hello", to: bob)
        #expect(try await bob.texts() == ["hello"])

        try await bob.messenger.send(.text("garbled"), to: alice.handle)
        let record = try #require(try await bob.messenger.profile.transaction { try $0.outbox().first })
        try await bob.messenger.ensureOpening()
        var encrypted = try #require(try await bob.messenger.encrypted(record))
        let last = try #require(encrypted.deposit?.envelopes[0].content.bytes.last)
        encrypted.deposit?.envelopes[0].content.bytes.removeLast()
        encrypted.deposit?.envelopes[0].content.bytes.append(last ^ 1)
        let changed = encrypted
        try await bob.messenger.profile.transaction { try $0.setOutbox(changed) }
        #expect(try await bob.messenger.drainOutbox().deposited == [record.number])

        // Alice cannot open it and asks; Bob is asked and sends it again; Alice gets it.
        #expect(try await alice.receive().map(\.content) == [.undecryptable(reason: "no known key opens it")])
        #expect(try await bob.receive().isEmpty)
        #expect(try await alice.receive().map(\.content) == [.text("garbled", replyTo: nil)])
        #expect(try await alice.receive().isEmpty)
        try await alice.send("and on", to: bob)
        #expect(try await bob.texts() == ["and on"])
    }

    @Test func aFullMailboxWaitsWhileTheOtherDeviceGetsItsMail() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        let second = try await bob.device(2, at: service, in: folder)
        let filler = try await API.register("filler", at: service.url)
        await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<8 {
                group.addTask {
                    for number in 0..<125 {
                        let answer = try await filler.deposit("\(lane) \(number)", to: "bob.1", id: RandomID.make())
                        #expect(answer.status == 201)
                    }
                }
            }
        }
        let report = try await alice.send("hello", to: bob)
        #expect(report.deposited.isEmpty)
        #expect(report.lastError == "a mailbox of bob is full")
        #expect(try await second.texts() == ["hello"])

        #expect(try await bob.receive().count == 1000)
        #expect(try await bob.messenger.takeWarnings().contains(.mailRefused(total: 1)))
        #expect(try await alice.messenger.drainOutbox(ignoringBackoff: true).waiting == 0)
        #expect(try await bob.texts() == ["hello"])
        #expect(try await second.texts().isEmpty)
    }

    @Test func aHandlerThatFailsGetsTheMessageAgainAndNothingBehindItIsAcknowledged() async throws {
        struct Refusal: Error {}
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        for text in ["one", "two", "three"] { try await alice.send(text, to: bob) }
        let seen = Mutex<[Int64]>([])
        let failure = await #expect(throws: ClientError.self) {
            try await bob.messenger.receive { message in
                seen.withLock { $0.append(message.number) }
                if message.number == 2 { throw Refusal() }
            }
        }
        #expect(failure?.description.contains("Refusal") == true)
        #expect(seen.withLock { $0 } == [1, 2])
        // One is acknowledged; two and three still wait on the server, although they are stored here.
        let waiting = try await bob.messenger.api.mailbox(after: nil)
        #expect(waiting.envelopes?.map(\.seq.value) == [2, 3])

        #expect(try await bob.receive().map(\.number) == [2, 3])
        #expect(try await bob.messenger.api.mailbox(after: nil).pending?.count == 0)
        #expect(try await bob.messenger.messages().map(\.handled) == [true, true, true])
    }

    @Test func manyMessagesBothWaysAtOnceArriveOnceAndInOrder() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        let count = 30
        @Sendable func talk(_ one: Person, _ other: Person) async throws -> [String] {
            async let sent: Void = {
                for number in 0..<count { try await one.send("\(one.handle) \(number)", to: other) }
            }()
            var texts: [String] = []
            while texts.count < count {
                let found = Mutex<[String]>([])
                try await one.messenger.receive(wait: .seconds(5)) { message in
                    if case .text(let text, _) = message.content { found.withLock { $0.append(text) } }
                }
                texts += found.withLock { $0 }
            }
            try await sent
            return texts
        }
        async let atAlice = talk(alice, bob)
        async let atBob = talk(bob, alice)
        #expect(try await atAlice == (0..<count).map { "bob \($0)" })
        #expect(try await atBob == (0..<count).map { "alice \($0)" })
        #expect(try await alice.receive().isEmpty)
        #expect(try await bob.receive().isEmpty)
    }

    @Test func aKindThatIsNotKnownArrivesWhole() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        let (handle, now) = (bob.handle, Timestamp.now)
        _ = try await alice.messenger.profile.transaction { transaction in
            try transaction.queue(.unknown(kind: "poll"), id: "an-id", to: handle, isAutomatic: true, now: now)
        }
        _ = try await alice.messenger.drainOutbox()
        guard case .unknown(let kind, _) = try await bob.receive().first?.content else {
            Issue.record("it was not kept")
            return
        }
        #expect(kind == "poll")
    }
}
