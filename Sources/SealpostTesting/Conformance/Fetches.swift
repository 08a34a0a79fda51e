import Dispatch
import SealpostCore
import SealpostStore
import Testing

extension StoreConformance {
    static let fetches: [Case] = [
        Case("a fetch without a cursor begins after the last acknowledgement") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob)) }
            #expect(try await fixture.page(mailbox).outline == "1, 2, 3")
            #expect(try await fixture.page(mailbox, after: 2).outline == "3")
            try await fixture.acknowledge(mailbox, .through(Sequence(1)))
            #expect(try await fixture.page(mailbox).outline == "2, 3")
            #expect(try await fixture.page(mailbox, after: 0).outline == "2, 3")
        },
        Case("an empty page leaves the cursor where the fetch began") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            #expect(try await fixture.page(mailbox).cursor == .start)
            for _ in 0..<2 { try await fixture.send(fixture.letter(from: alice, to: bob)) }
            try await fixture.acknowledge(mailbox, .seqs([Sequence(1), Sequence(2)]))
            let page = try await fixture.page(mailbox, after: 1)
            #expect(page.items.isEmpty)
            #expect(page.cursor == Sequence(1))
        },
        Case("limit cuts a page, and more says so") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob)) }
            let first = try await fixture.page(mailbox, limit: 2)
            #expect(first.outline == "1, 2")
            #expect(first.more)
            #expect(first.cursor == Sequence(2))
            let rest = try await fixture.page(mailbox, after: 2, limit: 1)
            #expect(rest.outline == "3")
            #expect(!rest.more)
        },
        Case("a page stops at the byte limit, but not before one envelope") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            var letter = try fixture.letter(from: alice, to: bob)
            for _ in 0..<5 {
                letter.id = Sample.id()
                letter.envelopes[0].content = [UInt8](repeating: 1, count: Limits.envelopeBytes)
                try await fixture.send(letter)
            }
            let page = try await fixture.page(mailbox)
            #expect(page.outline == "1, 2, 3, 4")
            #expect(page.more)
            #expect(try await fixture.page(mailbox, after: 4).outline == "5")
        },
        Case("a cursor beyond the head is told") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.send(fixture.letter(from: alice, to: bob))
            #expect(try await fixture.fetch(bob.mailbox(1), after: 2) == .cursorAhead(head: Sequence(1)))
        },
        Case("a pending device gets only what concerns the account") { fixture in
            var bob = try await fixture.person("bob")
            try await fixture.addDevice(to: &bob)
            let state = AccountState(
                listVersion: 1, listHash: bob.list?.hash, pendingDevices: [try Sample.device(2)])
            #expect(try await fixture.fetch(bob.mailbox(2)) == .pending(state))
        },
        Case("an unknown device is told so, and its neighbours in the batch get their pages") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.send(fixture.letter(from: alice, to: bob))
            let outcomes = try await fixture.store.fetch([
                Fetch(mailbox: try bob.mailbox(5), after: nil, limit: 1),
                Fetch(mailbox: MailboxKey(account: AccountID(99), device: try Sample.device(1)), after: nil, limit: 1),
                Fetch(mailbox: try bob.mailbox(1), after: nil, limit: 1),
            ])
            try #require(outcomes.count == 3)
            #expect(outcomes[0] == .unknownDevice)
            #expect(outcomes[1] == .unknownDevice)
            guard case .page(let page) = outcomes[2] else { throw FixtureFailure("\(outcomes[2])") }
            #expect(page.outline == "1")
        },
        Case("commits between the parts of a fetch hide nothing") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let letters = try (0..<3).map { _ in try fixture.letter(from: alice, to: bob) }
            try await fixture.send(letters[0])
            try await fixture.send(letters[1])
            let withdrawal = Withdrawal(
                recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id), id: letters[1].id)
            // First a deposit behind, then a withdrawal before the cursor that the page will give.
            fixture.place.betweenReads.arm([
                { waitFor { try await fixture.send(letters[2]) } },
                { waitFor { try await fixture.store.withdraw(withdrawal) } },
            ])
            let page = try await fixture.page(mailbox)
            #expect(fixture.place.betweenReads.isSpent)
            #expect(page.outline == "1, 2")
            #expect(page.state.count == 2)
            let next = try await fixture.page(mailbox, after: page.cursor.value)
            #expect(next.outline == "3")
            let again = try await fixture.page(mailbox)
            #expect(again.outline == "1, withdrawn 2-2×1, 3")
        },
        Case("one envelope is read by its seq until it is over") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10)))
            #expect(try await fixture.store.envelope(Sequence(1), in: mailbox)?.content == Array("hello 1".utf8))
            #expect(try await fixture.store.envelope(Sequence(2), in: mailbox) == nil)
            #expect(try await fixture.store.envelope(Sequence(1), in: bob.mailbox(2)) == nil)
            fixture.clock.advance(by: .seconds(10))
            #expect(try await fixture.store.envelope(Sequence(1), in: mailbox) == nil)
        },
    ]

    static let heads: [Case] = [
        Case("the head of a mailbox is the last seq that was given, whatever has become of the mail") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let one = try bob.mailbox(1)
            let two = try bob.mailbox(2)
            let account = AccountState(listVersion: 1, listHash: bob.list?.hash, pendingDevices: [])
            func expectHeads(_ first: Int64, _ second: Int64) async throws {
                let heads = try await fixture.store.heads(of: [one, two])
                #expect(
                    heads == [
                        one: MailboxHead(head: Sequence(first), account: account),
                        two: MailboxHead(head: Sequence(second), account: account),
                    ])
            }
            try await expectHeads(0, 0)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2])) }
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [2], coverage: .ignore))
            try await expectHeads(3, 4)
            try await fixture.acknowledge(one, .through(Sequence(3)))
            fixture.clock.advance(by: .days(31))
            while try await fixture.store.sweep(limit: 100).more {}
            try await expectHeads(3, 4)
        },
        Case("a pending device has no head, and its account says what is pending") { fixture in
            var bob = try await fixture.person("bob")
            try await fixture.addDevice(to: &bob)
            let state = AccountState(listVersion: 1, listHash: bob.list?.hash, pendingDevices: [try Sample.device(2)])
            #expect(
                try await fixture.store.heads(of: [bob.mailbox(2)])
                    == [bob.mailbox(2): MailboxHead(head: .start, account: state)])
            #expect(try await fixture.store.heads(of: [bob.mailbox(1)]).values.map(\.account) == [state])
            // An account without a list.
            var carol = try await fixture.account("carol")
            try await fixture.addDevice(to: &carol)
            let unlisted = AccountState(listVersion: nil, listHash: nil, pendingDevices: [try Sample.device(1)])
            #expect(
                try await fixture.store.heads(of: [carol.mailbox(1)])
                    == [carol.mailbox(1): MailboxHead(head: .start, account: unlisted)])
        },
        Case("the head of a listed device that a new list leaves out is not told, and is there when it is listed again")
        { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(2)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))
            try await fixture.list([1], of: &bob)
            #expect(try await fixture.store.heads(of: [mailbox])[mailbox]?.head == .start)
            #expect(try await fixture.store.heads(of: [mailbox])[mailbox]?.account.pendingDevices == [mailbox.device])
            try await fixture.list([1, 2], of: &bob)
            #expect(try await fixture.store.heads(of: [mailbox])[mailbox]?.head == Sequence(1))
        },
        Case("a device that is gone has no head, and neither has one that never was") { fixture in
            let bob = try await fixture.person("bob", devices: 2)
            let carol = try await fixture.person("carol")
            #expect(try await fixture.store.removeDevice(bob.mailbox(2)))
            #expect(try await fixture.store.deleteAccount(carol.id))
            let asked = try [bob.mailbox(1), bob.mailbox(2), bob.mailbox(9), carol.mailbox(1)]
            #expect(Set(try await fixture.store.heads(of: asked).keys) == [try bob.mailbox(1)])
            #expect(try await fixture.store.heads(of: []).isEmpty)
        },
        Case("a thousand heads are told at once, and telling them is no fetch") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.send(fixture.letter(from: alice, to: bob))
            let strangers = try (1..<Int64(MailboxHead.limit)).map {
                MailboxKey(account: AccountID(bob.id.value + 1000 + $0), device: try Sample.device(1))
            }
            let heads = try await fixture.store.heads(of: strangers + [bob.mailbox(1)])
            #expect(heads.mapValues(\.head) == [try bob.mailbox(1): Sequence(1)])
            #expect(try await fixture.store.devices(of: bob.id)[0].lastFetch == nil)
        },
    ]

    static let dormancy: [Case] = [
        Case("a device that does not fetch for 45 days is dormant until it fetches") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(2)
            _ = try await fixture.page(mailbox)
            let lastFetch = try #require(try await fixture.store.devices(of: bob.id)[1].lastFetch)
            fixture.clock.advance(by: Limits.dormancy - .hours(1))
            _ = try await fixture.page(bob.mailbox(1))
            fixture.clock.advance(by: .hours(2))
            #expect(try await fixture.store.devices(of: bob.id).map(\.state) == [.listed, .dormant])
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1]))
            // Covering it is allowed.
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))

            let page = try await fixture.page(mailbox)
            #expect(page.dormantSince == lastFetch)
            #expect(page.outline == "1")
            #expect(try await fixture.store.devices(of: bob.id).map(\.state) == [.listed, .listed])
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [1]))
                    == .deviceMismatch(missing: [mailbox.device], gone: []))
            #expect(try await fixture.page(mailbox).dormantSince == lastFetch)
            try await fixture.acknowledge(mailbox, .through(Sequence(1)))
            #expect(try await fixture.page(mailbox).dormantSince == nil)
        },
        Case("the end of a dormancy is told until something new is acknowledged") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            try await fixture.send(fixture.letter(from: alice, to: bob))
            _ = try await fixture.page(mailbox)
            fixture.clock.advance(by: Limits.dormancy)
            // What a client does that lost the answer of its acknowledge-and-fetch: the same once more.
            for _ in 0..<2 {
                try await fixture.acknowledge(mailbox, .through(Sequence(1)))
                #expect(try await fixture.page(mailbox).dormantSince != nil)
            }
            try await fixture.acknowledge(mailbox, .seqs([Sequence(1)]))
            #expect(try await fixture.page(mailbox).dormantSince != nil)
            try await fixture.send(fixture.letter(from: alice, to: bob))
            try await fixture.acknowledge(mailbox, .seqs([Sequence(2)]))
            #expect(try await fixture.page(mailbox).dormantSince == nil)
        },
        Case("the end of a dormancy is told for a day where there is nothing to acknowledge") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 1...2 {
                _ = try await fixture.page(mailbox)
                let lastFetch = try #require(try await fixture.store.devices(of: bob.id)[0].lastFetch)
                fixture.clock.advance(by: Limits.dormancy)
                for _ in 1...3 {
                    #expect(try await fixture.page(mailbox).dormantSince == lastFetch)
                    fixture.clock.advance(by: .hours(1))
                }
                fixture.clock.advance(by: .days(1))
                #expect(try await fixture.page(mailbox).dormantSince == nil)
            }
        },
        Case("the last fetch is known to the hour") { fixture in
            let bob = try await fixture.person("bob")
            #expect(try await fixture.store.devices(of: bob.id)[0].lastFetch == nil)
            _ = try await fixture.page(bob.mailbox(1))
            let first = try #require(try await fixture.store.devices(of: bob.id)[0].lastFetch)
            #expect(first.milliseconds % 3_600_000 == 0)
            #expect(first <= fixture.clock.now && first > fixture.clock.now - .hours(1))
            fixture.clock.advance(by: .hours(1))
            _ = try await fixture.page(bob.mailbox(1))
            #expect(try await fixture.store.devices(of: bob.id)[0].lastFetch == first + .hours(1))
        },
    ]
}

/// Runs asynchronous work from a thread that may block: a database's, never one of the cooperative pool.
private func waitFor<T>(_ work: @escaping @Sendable () async throws -> T) {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        await #expect(throws: Never.self) { _ = try await work() }
        done.signal()
    }
    done.wait()
}
