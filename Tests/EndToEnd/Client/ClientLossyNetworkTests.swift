import SealpostCore
import Testing

@testable import SealpostClient

/// Answers that get lost at random, and not a message is lost, repeated or out of order.
@Suite(.timeLimit(.minutes(10)))
struct ClientLossyNetworkTests {
    @Test func everyMessageArrivesOnceAndInOrderThoughAnswersAreLost() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        try alice.messenger.close()
        try bob.messenger.close()
        let count = 20
        let lie: Proxy.Lie = { _ in Int.random(in: 0..<4) == 0 ? .lose : .pass }
        try await Proxy.telling(lie, before: service) { url in
            let alice = try await alice.reopened(through: url, in: folder)
            let bob = try await bob.reopened(through: url, in: folder)
            for number in 0..<count {
                try await alice.messenger.send(.text("alice \(number)"), to: bob.handle)
                try await bob.messenger.send(.text("bob \(number)"), to: alice.handle)
            }
            async let atBob = bob.collect(count)
            async let atAlice = alice.collect(count)
            #expect(try await atBob == (0..<count).map { "alice \($0)" })
            #expect(try await atAlice == (0..<count).map { "bob \($0)" })
            try alice.messenger.close()
            try bob.messenger.close()
        }
        for person in [alice, bob] {
            let again = try await person.reopened(through: service.url, in: folder)
            #expect(try await again.texts().isEmpty)
            #expect(try await again.messenger.outbox().isEmpty)
            #expect(try await again.messenger.messages().count == count)
            // Not even the mailbox saw one twice.
            #expect(try await again.messenger.profile.transaction { try $0.mailbox().stored.value } == Int64(count))
            try again.messenger.close()
        }
    }
}

extension Person {
    /// Sends and receives until so many texts came and everything is out, whatever goes wrong in between.
    fileprivate func collect(_ count: Int) async throws -> [String] {
        while true {
            do throws(ClientError) {
                _ = try await messenger.drainOutbox(ignoringBackoff: true)
                try await messenger.receive { _ in }
            } catch {
                guard case .unreachable = error else { throw error }
                continue
            }
            let texts = try await messenger.messages().compactMap { message in
                if case .text(let text, _) = message.content { text } else { nil }
            }
            if texts.count >= count, try await messenger.outbox().isEmpty { return texts }
        }
    }
}
