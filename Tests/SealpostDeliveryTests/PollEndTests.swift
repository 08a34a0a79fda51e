import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostDelivery

/// How polls end that nothing came for.
@Suite("MailService ends polls", .timeLimit(.minutes(2))) struct PollEndTests {
    @Test func `a poll that comes late with a revoked bearer does not park, and gets no mail`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            #expect(try await service.store.endSession(bob.session, of: bob.id))
            try await service.mail.revocationsChanged()
            #expect(try await service.poll(bob, after: 0, wait: .seconds(5)).end == .revoked)
            try await service.send(service.people.letter(from: alice, to: bob))
            #expect(try await service.poll(bob, after: 0, wait: .seconds(5)).end == .revoked)
        }
    }

    @Test func `draining answers every parked poll, empty, and lets none park`() async throws {
        try await MailFixture.run { service in
            let bob = try await service.people.person("bob", devices: 2)
            async let one = service.poll(bob, after: 0)
            async let two = service.poll(bob, device: 2, after: 0)
            try await service.parked(2)
            service.mail.drain()
            for outcome in [try await one, try await two, try await service.poll(bob, after: 0)] {
                #expect(outcome.end == .draining)
                #expect(try outcome.page.items.isEmpty)
            }
            #expect(service.mail.openPolls == 0)
        }
    }

    @Test func `a cancelled poll leaves nothing, whenever the cancellation comes`() async throws {
        try await MailFixture.run { service in
            let bob = try await service.people.person("bob")
            let parked = Task { try await service.poll(bob, after: 0) }
            try await service.parked(1)
            parked.cancel()
            #expect(try await parked.value.end == .cancelled)
            #expect(service.mail.openPolls == 0)
            var random = SplitMix(seed: 3)
            for _ in 0..<200 {
                let task = Task { try await service.poll(bob, after: 0) }
                for _ in 0..<Int.random(in: 0..<40, using: &random) { await Task.yield() }
                task.cancel()
                #expect(try await task.value.end == .cancelled)
            }
            #expect(service.mail.openPolls == 0)
        }
    }

    @Test func `a fifth poll on a mailbox sends the oldest away`() async throws {
        try await MailFixture.run { service in
            let bob = try await service.people.person("bob")
            let oldest = Task { try await service.poll(bob, after: 0) }
            try await service.parked(1)
            try await withThrowingTaskGroup { group in
                for count in 2...4 {
                    group.addTask { try await service.poll(bob, after: 0).end }
                    try await service.parked(count)
                }
                group.addTask { try await service.poll(bob, after: 0).end }
                let end = try await oldest.value.end
                #expect(end == .superseded)
                try await service.parked(4)
                service.mail.drain()
                for try await end in group { #expect(end == .draining) }
            }
        }
    }

    @Test func `a poll that waits for nothing answers at once, and one that waits in vain when its time is over`()
        async throws
    {
        try await MailFixture.run { service in
            let bob = try await service.people.person("bob")
            let atOnce = try await service.poll(bob, after: 0, wait: .zero)
            #expect(atOnce.end == nil)
            #expect(try atOnce.page.items.isEmpty)
            let inVain = try await service.poll(bob, after: 0, wait: .milliseconds(50))
            #expect(inVain.end == .timedOut)
            #expect(try inVain.page.cursor == .start)
        }
    }

    @Test func `a poll that cannot look leaves nothing`() async throws {
        try await MailFixture.run { service in
            let bob = try await service.people.person("bob")
            await service.store.close()
            await #expect(throws: StoreError.self) { _ = try await service.poll(bob, after: 0) }
            #expect(service.mail.openPolls == 0)
        }
    }
}
