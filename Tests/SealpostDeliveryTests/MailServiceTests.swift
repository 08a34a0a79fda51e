import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostDelivery

/// Deposits, wakes and polls together, on a real store.
@Suite(.timeLimit(.minutes(2))) struct MailServiceTests {
    // MARK: Deposits

    @Test func `a deposit wakes a parked poll and hands the envelope over without a look into the store`() async throws
    {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            async let poll = service.poll(bob, after: 0)
            try await service.parked(1)
            let fetches = service.store.fetches
            let letter = try service.people.letter(from: alice, to: bob)
            let receipt = try await service.send(letter)
            let outcome = try await poll
            let now = service.people.clock.now
            #expect(outcome.end == nil)
            let page = try outcome.page
            #expect(
                page.items == [
                    .envelope(
                        Envelope(
                            seq: Sequence(1), id: letter.id, from: "alice.1", received: now,
                            expires: now + letter.ttl, content: letter.envelopes[0].content))
                ])
            #expect(page.cursor == Sequence(1))
            #expect(!page.more)
            #expect(page.state == receipt.items[0].state)
            #expect(page.state == (try await service.people.page(bob.mailbox(1)).state))
            #expect(service.store.fetches == fetches)
        }
    }

    @Test func `a poll whose cursor is not exactly behind reads the store`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            try await service.send(service.people.letter(from: alice, to: bob))
            try await service.people.acknowledge(bob.mailbox(1), .seqs([Sequence(1)]))
            async let poll = service.poll(bob, after: 0)
            try await service.parked(1)
            let fetches = service.store.fetches
            try await service.send(service.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "2")
            #expect(page.cursor == Sequence(2))
            #expect(service.store.fetches == fetches + 1)
        }
    }

    @Test func `deposits of one transaction arrive whole and in order, as far as the poll wants them`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            async let whole = service.poll(bob, after: 0)
            async let part = service.poll(bob, after: 0, limit: 5)
            try await service.parked(2)
            let fetches = service.store.fetches
            let calls = service.store.depositCalls
            let gate = service.store.holdDeposit()
            let letters = try (0..<20).map { _ in try service.people.letter(from: alice, to: bob) }
            try await withThrowingTaskGroup { group in
                group.addTask { try await service.send(service.people.letter(from: bob, to: alice)) }
                await gate.waitUntilReached()
                for (index, letter) in letters.enumerated() {
                    group.addTask { try await service.send(letter) }
                    while service.mail.queuedDeposits <= index { await Task.yield() }
                }
                gate.open()
                try await group.waitForAll()
            }
            #expect(service.store.depositCalls == calls + 2)
            let page = try await whole.page
            #expect(page.items.map(\.end.value) == Array(1...20))
            #expect(page.ids == letters.map(\.id))
            #expect(!page.more)
            #expect(page.state.count == 20)
            let first = try await part.page
            #expect(first.ids == letters.prefix(5).map(\.id))
            #expect(first.more)
            #expect(first.cursor == Sequence(5))
            #expect(service.store.fetches == fetches)
            let rest = try await service.poll(bob, after: 5).page
            #expect(rest.ids == letters.dropFirst(5).map(\.id))
        }
    }

    @Test func `a page that is handed over stops at the byte limit, but not before one envelope`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            async let poll = service.poll(bob, after: 0)
            try await service.parked(1)
            let gate = service.store.holdDeposit()
            try await withThrowingTaskGroup { group in
                group.addTask { try await service.send(service.people.letter(from: bob, to: alice)) }
                await gate.waitUntilReached()
                for index in 0..<5 {
                    var letter = try service.people.letter(from: alice, to: bob)
                    letter.envelopes[0].content = [UInt8](repeating: 1, count: Limits.envelopeBytes)
                    group.addTask { [letter] in try await service.send(letter) }
                    while service.mail.queuedDeposits <= index { await Task.yield() }
                }
                gate.open()
                try await group.waitForAll()
            }
            let page = try await poll.page
            #expect(page.outline == "1, 2, 3, 4")
            #expect(page.more)
            #expect(page == (try await service.people.page(bob.mailbox(1), after: 0)))
        }
    }

    @Test func `a deposit that is repeated wakes nobody`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let letter = try service.people.letter(from: alice, to: bob)
            try await service.send(letter)
            async let poll = service.poll(bob, after: 1)
            try await service.parked(1)
            let fetches = service.store.fetches
            #expect(try await !service.send(letter).new)
            #expect(service.mail.parkedPolls == 1)
            #expect(service.store.fetches == fetches)
            service.mail.drain()
            let end = try await poll.end
            #expect(end == .draining)
        }
    }

    @Test func `the end of a dormancy is told with the mail that ends the poll`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let since = service.people.clock.now
            service.people.clock.advance(by: Limits.dormancy)
            async let poll = service.poll(bob, after: 0)
            try await service.parked(1)
            try await service.send(service.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.dormantSince == since)
        }
    }

    // MARK: Tombstones

    @Test func `mail that comes and goes while a poll looks is told when the poll would park`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let gate = service.store.holdFetch()
            async let poll = service.poll(bob, after: 0)
            // The poll has seen an empty mailbox and does not know yet.
            await gate.waitUntilReached()
            let letter = try service.people.letter(from: alice, to: bob)
            try await service.send(letter)
            try await service.mail.withdraw(withdrawal(of: letter, by: alice, from: bob))
            gate.open()
            let page = try await poll.page
            #expect(page.outline == "withdrawn 1-1×1")
            #expect(page.cursor == Sequence(1))
        }
    }

    @Test func `a withdrawal makes a parked poll look, and it waits on if that is behind its cursor`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let letter = try service.people.letter(from: alice, to: bob)
            try await service.send(letter)
            async let poll = service.poll(bob, after: 1)
            try await service.parked(1)
            let fetches = service.store.fetches
            try await service.mail.withdraw(withdrawal(of: letter, by: alice, from: bob))
            try await service.fetched(fetches + 1)
            try await service.parked(1)
            #expect(try await service.poll(bob, after: 0).page.outline == "withdrawn 1-1×1")
            try await service.send(service.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "2")
        }
    }

    @Test func `the sweeper makes parked polls look when something expires`() async throws {
        var upkeep = Upkeep()
        upkeep.sweepInterval = .milliseconds(5)
        try await MailFixture.run(upkeep: upkeep) { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            try await service.send(service.people.letter(from: alice, to: bob, ttl: .seconds(10)))
            async let poll = service.poll(bob, after: 1)
            try await service.parked(1)
            let fetches = service.store.fetches
            service.people.clock.advance(by: .seconds(10))
            try await service.fetched(fetches + 1)
            #expect(try await service.poll(bob, after: 0).page.outline == "expired 1-1×1")
            try await service.send(service.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "2")
        }
    }

    private func withdrawal(of letter: Deposit, by sender: Person, from recipient: Person) -> Withdrawal {
        Withdrawal(
            recipient: recipient.handle, device: letter.envelopes[0].device, depositor: .account(sender.id),
            id: letter.id)
    }

    // MARK: The account

    @Test func `a change of the account ends its polls with the new account part`() async throws {
        try await MailFixture.run { service in
            let reader = try await service.people.person("bob")
            var bob = reader
            async let poll = service.poll(reader, after: 0)
            try await service.parked(1)
            let pending = try await service.people.addDevice(to: &bob)
            service.mail.accountChanged(bob.id)
            let outcome = try await poll
            #expect(outcome.end == nil)
            let page = try outcome.page
            #expect(page.items.isEmpty)
            #expect(page.cursor == .start)
            #expect(page.state.account.pendingDevices == [pending])
        }
    }

    @Test func `a pending device's poll waits through what is no news and ends when a list names it`() async throws {
        try await MailFixture.run { service in
            var bob = try await service.people.person("bob")
            try await service.people.addDevice(to: &bob)
            let reader = bob
            async let poll = service.poll(reader, device: 2)
            try await service.parked(1)
            let fetches = service.store.fetches
            service.mail.accountChanged(bob.id)
            try await service.fetched(fetches + 1)
            try await service.parked(1)
            try await service.people.list([1, 2], of: &bob)
            service.mail.accountChanged(bob.id)
            let outcome = try await poll
            #expect(outcome.end == nil)
            let page = try outcome.page
            #expect(page.items.isEmpty)
            #expect(page.state.account.listVersion == 2)
            #expect(page.state.account.pendingDevices.isEmpty)
        }
    }

    @Test func `a commit after a change of the account shows the change, too`() async throws {
        try await MailFixture.run { service in
            let alice = try await service.people.person("alice")
            let reader = try await service.people.person("bob")
            var bob = reader
            async let poll = service.poll(reader, after: 0)
            try await service.parked(1)
            // Nobody tells the service of the change.
            try await service.people.addDevice(to: &bob)
            try await service.send(service.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "1")
            #expect(page.state.account.pendingDevices == [try Sample.device(2)])
        }
    }
}

extension MailboxPage {
    fileprivate var ids: [EnvelopeID] {
        items.compactMap { item in
            if case .envelope(let envelope) = item { envelope.id } else { nil }
        }
    }
}
