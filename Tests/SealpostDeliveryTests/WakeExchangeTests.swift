import SealpostCore
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostDelivery

/// What a node's polls hear of the commits of another.
@Suite("Wakes between nodes", .timeLimit(.minutes(1))) struct WakeExchangeTests {
    // MARK: While the channel carries

    @Test func `a deposit at one node wakes the poll at another, without a re-check`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob", devices: 2)
            async let poll = nodes.two.poll(bob, after: 0)
            async let other = nodes.two.poll(bob, device: 2, after: 0)
            try await nodes.two.parked(2)
            let fetches = nodes.two.store.fetches
            try await nodes.one.send(nodes.people.letter(from: alice, to: bob, coverage: .ignore))
            let page = try await poll.page
            #expect(page.outline == "1")
            #expect(nodes.two.mail.parkedPolls == 1)
            #expect(nodes.two.store.fetches == fetches + 1)
            #expect(nodes.two.store.headCalls.isEmpty)
            #expect(nodes.wakes.published == [[.mailbox(try bob.mailbox(1))]])
            nodes.two.mail.drain()
            _ = try await other
        }
    }

    @Test func `a repeated and a refused deposit are told to nobody`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            let letter = try nodes.people.letter(from: alice, to: bob)
            try await nodes.one.send(letter)
            #expect(nodes.wakes.published.count == 1)
            try await nodes.one.send(letter)
            _ = try await nodes.one.mail.deposit(nodes.people.letter(from: alice, to: bob, devices: [3]))
            #expect(nodes.wakes.published.count == 1)
        }
    }

    @Test func `what is withdrawn or expires at one node is told to the polls at another`() async throws {
        try await TwoNodes.run(sweepInterval: .milliseconds(5)) { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            let letter = try nodes.people.letter(from: alice, to: bob)
            try await nodes.people.send(letter)
            try await nodes.people.send(nodes.people.letter(from: alice, to: bob, ttl: .seconds(10)))
            async let poll = nodes.two.poll(bob, after: 2)
            try await nodes.two.parked(1)
            let fetches = nodes.two.store.fetches
            try await nodes.one.mail.withdraw(
                Withdrawal(
                    recipient: bob.handle, device: try Sample.device(1), depositor: .account(alice.id), id: letter.id))
            try await nodes.two.fetched(fetches + 1)
            try await nodes.two.parked(1)
            nodes.people.clock.advance(by: .seconds(10))
            try await nodes.two.fetched(fetches + 2)
            try await nodes.two.parked(1)
            #expect(nodes.wakes.published == Array(repeating: [.mailbox(try bob.mailbox(1))], count: 2))
            nodes.two.mail.drain()
            _ = try await poll
        }
    }

    @Test func `a change of an account at one node ends its polls at another, which forgets what it knew`()
        async throws
    {
        try await TwoNodes.run { nodes in
            let reader = try await nodes.people.person("bob")
            var bob = reader
            async let poll = nodes.two.poll(reader, after: 0)
            try await nodes.two.parked(1)
            let pending = try await nodes.people.addDevice(to: &bob)
            nodes.one.mail.accountChanged(bob.id)
            let page = try await poll.page
            #expect(page.state.account.pendingDevices == [pending])
            #expect(nodes.two.store.headCalls.isEmpty)
            #expect(nodes.changedAccounts.all == [bob.id])
            // What this node changes it knows.
            nodes.two.mail.accountChanged(bob.id)
            #expect(nodes.changedAccounts.all == [bob.id])
        }
    }

    @Test func `a node that leaves tells of the deposits that it finishes`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            async let poll = nodes.two.poll(bob, after: 0)
            try await nodes.two.parked(1)
            let gate = nodes.one.store.holdDeposit()
            let letter = try nodes.people.letter(from: alice, to: bob)
            async let receipt = nodes.one.send(letter)
            await gate.waitUntilReached()
            try await nodes.beginShutdown(ofOneAskedBy: bob)
            gate.open()
            let isNew = try await receipt.new
            #expect(isNew)
            let page = try await poll.page
            #expect(page.outline == "1")
        }
    }

    // MARK: What the channel loses

    @Test(arguments: [true, false])
    func `a deposit of which no wake came is found by the re-check, whether the channel is up or down`(
        isUp: Bool
    ) async throws {
        try await TwoNodes.run(recheckInterval: .milliseconds(20)) { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            if isUp { nodes.wakes.lose() } else { nodes.wakes.disconnect() }
            async let poll = nodes.two.poll(bob, after: 0)
            try await nodes.two.parked(1)
            try await nodes.one.send(nodes.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "1")
        }
    }

    @Test func `a channel that returns makes the polls look for which there is news, and those alone`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            var readers: [Person] = []
            for index in 0..<10 { readers.append(try await nodes.people.person("reader\(index)")) }
            try await withThrowingTaskGroup { group in
                for reader in readers { group.addTask { try await nodes.two.poll(reader, after: 0) } }
                try await nodes.two.parked(10)
                let fetches = nodes.two.store.fetches
                nodes.wakes.disconnect()
                try await nodes.one.send(nodes.people.letter(from: alice, to: readers[7]))
                nodes.wakes.connect()
                let page = try await group.next()?.page
                #expect(page?.state.address.handle == readers[7].handle)
                // When it re-checks again it is done with the first time.
                nodes.wakes.connect()
                try await nodes.two.rechecked(2)
                #expect(nodes.two.mail.parkedPolls == 9)
                #expect(nodes.two.store.fetches == fetches + 1)
                #expect(nodes.two.store.headCalls == [10, 9])
                nodes.two.mail.drain()
                for try await outcome in group { #expect(outcome.end == .draining) }
            }
        }
    }

    @Test func `changes of the account are found by the re-check, also by a pending device`() async throws {
        try await TwoNodes.run { nodes in
            let reader = try await nodes.people.person("bob")
            var bob = reader
            let alice = try await nodes.people.person("alice")
            try await nodes.people.send(nodes.people.letter(from: alice, to: bob))
            try await nodes.people.addDevice(to: &bob)
            let pending = bob
            async let listed = nodes.two.poll(reader, after: 1)
            async let unlisted = nodes.two.poll(pending, device: 2)
            try await nodes.two.parked(2)
            // Nothing has changed since they looked.
            let fetches = nodes.two.store.fetches
            for count in 1...2 {
                nodes.wakes.connect()
                try await nodes.two.rechecked(count)
            }
            #expect(nodes.two.mail.parkedPolls == 2)
            #expect(nodes.two.store.fetches == fetches)
            try await nodes.people.list([1, 2], of: &bob)
            nodes.wakes.connect()
            for outcome in [try await listed, try await unlisted] {
                #expect(outcome.end == nil)
                #expect(try outcome.page.state.account.listVersion == 2)
            }
        }
    }

    @Test func `the poll of a device that is gone ends at the re-check`() async throws {
        try await TwoNodes.run { nodes in
            let bob = try await nodes.people.person("bob")
            async let poll = nodes.two.poll(bob, after: 0)
            try await nodes.two.parked(1)
            #expect(try await nodes.people.store.removeDevice(bob.mailbox(1)))
            nodes.wakes.connect()
            let outcome = try await poll
            #expect(outcome.fetch == .unknownDevice)
        }
    }

    @Test func `a re-check that fails is made again at its next time`() async throws {
        try await TwoNodes.run(recheckInterval: .milliseconds(20)) { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            nodes.wakes.lose()
            nodes.two.store.failHeads(2)
            async let poll = nodes.two.poll(bob, after: 0)
            try await nodes.two.parked(1)
            try await nodes.one.send(nodes.people.letter(from: alice, to: bob))
            let page = try await poll.page
            #expect(page.outline == "1")
            #expect(nodes.two.store.headCalls.count >= 3)
        }
    }

    @Test func `a channel that returns during a re-check is followed by another`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            async let poll = nodes.two.poll(bob, after: 0)
            try await nodes.two.parked(1)
            let gate = nodes.two.store.holdHeads()
            nodes.wakes.connect()
            // The re-check has seen an empty mailbox and does not know yet.
            await gate.waitUntilReached()
            nodes.wakes.disconnect()
            try await nodes.one.send(nodes.people.letter(from: alice, to: bob))
            nodes.wakes.connect()
            gate.open()
            let page = try await poll.page
            #expect(page.outline == "1")
            #expect(nodes.two.store.headCalls == [1, 1])
        }
    }

    @Test func `a poll that parks while the re-check reads is not passed over`() async throws {
        try await TwoNodes.run { nodes in
            let alice = try await nodes.people.person("alice")
            let bob = try await nodes.people.person("bob")
            let reads = nodes.two.store.holdFetch()
            async let poll = nodes.two.poll(bob, after: 0)
            // The poll has seen an empty mailbox; then a wake is lost, and the re-check begins.
            await reads.waitUntilReached()
            nodes.wakes.lose()
            try await nodes.one.send(nodes.people.letter(from: alice, to: bob))
            let heads = nodes.two.store.holdHeads()
            nodes.wakes.connect()
            await heads.waitUntilReached()
            reads.open()
            try await nodes.two.parked(1)
            heads.open()
            let page = try await poll.page
            #expect(page.outline == "1")
        }
    }

    /// With nothing after it that would wake the poll instead.
    @Test func `the only deposit that ever comes ends the poll, though half of the wakes are lost`() async throws {
        try await TwoNodes.run(recheckInterval: .milliseconds(10)) { nodes in
            let random = Mutex(SplitMix(seed: 7))
            nodes.wakes.lose { random.withLock { Bool.random(using: &$0) } }
            let writer = try await nodes.people.person("anna")
            try await withThrowingTaskGroup { group in
                for index in 0..<8 {
                    let reader = try await nodes.people.person("reader\(index)")
                    group.addTask {
                        var random = SplitMix(seed: UInt64(index))
                        for cursor in 0..<30 as Range<Int64> {
                            async let outcome = nodes.two.poll(reader, after: cursor, wait: .seconds(20))
                            for _ in 0..<Int.random(in: 0..<60, using: &random) { await Task.yield() }
                            try await nodes.one.send(nodes.people.letter(from: writer, to: reader))
                            let ended = try await outcome
                            #expect(ended.end == nil)
                            #expect(try ended.page.outline == "\(cursor + 1)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    // MARK: Its price

    @Test func `a re-check asks for a thousand mailboxes at a time`() async throws {
        let people = try await StoreFixture(.sqlite)
        let store = WatchedStore(people.store)
        let waiters = Waiters()
        let wakes = TestWakes()
        let exchange = WakeExchange(
            channel: wakes.channel(1), store: store, waiters: waiters, interval: .seconds(3600),
            onAccountChanged: { _ in }, logger: MailFixture.logger)
        try await withThrowingTaskGroup { group in
            group.addTask { await exchange.run() }
            try await withThrowingTaskGroup { polls in
                for number in 1...2500 as ClosedRange<Int64> {
                    polls.addTask {
                        let stream = StreamKey.mailbox(mailbox(1, account: number))
                        let ticket = waiters.register(on: stream, by: bearer(number))
                        // The store knows none of them.
                        #expect(await waiters.park(ticket, at: standing(0), until: .now + .seconds(600)) == .look)
                    }
                }
                while waiters.parkedCount < 2500 || wakes.running < 1 {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                wakes.connect()
                try await polls.waitForAll()
            }
            group.cancelAll()
        }
        #expect(store.headCalls == [1000, 1000, 500])
        await people.store.close()
    }

    @Test func `a node that is alone re-checks nothing`() async throws {
        var upkeep = Upkeep()
        upkeep.recheckInterval = .milliseconds(1)
        try await MailFixture.run(upkeep: upkeep) { service in
            let bob = try await service.people.person("bob")
            #expect(try await service.poll(bob, after: 0, wait: .milliseconds(100)).end == .timedOut)
            #expect(service.store.headCalls.isEmpty)
        }
    }
}
