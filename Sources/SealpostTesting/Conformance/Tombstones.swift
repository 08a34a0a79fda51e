import SealpostCore
import SealpostStore
import Testing

extension StoreConformance {
    static let acknowledgements: [Case] = [
        Case("acknowledging through a seq erases up to it and says what is left") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob)) }
            #expect(
                try await fixture.acknowledge(mailbox, .through(Sequence(2)))
                    == .acked(through: Sequence(2), count: 1, bytes: 7))
            #expect(try await fixture.page(mailbox, after: 0).outline == "3")
            // An older one changes nothing.
            #expect(
                try await fixture.acknowledge(mailbox, .through(Sequence(1)))
                    == .acked(through: Sequence(2), count: 1, bytes: 7))
            #expect(try await fixture.page(mailbox).state.count == 1)
        },
        Case("acknowledging named seqs erases those and does not move the cursor") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob)) }
            let two = Ack.Extent.seqs([Sequence(2), Sequence(2)])
            for _ in 0..<2 {
                #expect(try await fixture.acknowledge(mailbox, two) == .acked(through: .start, count: 2, bytes: 14))
            }
            #expect(try await fixture.page(mailbox).outline == "1, 3")
        },
        Case("acknowledging beyond the head is refused and erases nothing") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            try await fixture.send(fixture.letter(from: alice, to: bob))
            for extent in [Ack.Extent.through(Sequence(2)), .seqs([Sequence(1), Sequence(2)])] {
                #expect(try await fixture.acknowledge(mailbox, extent) == .ahead(head: Sequence(1)))
            }
            #expect(try await fixture.page(mailbox).outline == "1")
        },
        Case("a pending or unknown device has nothing to acknowledge") { fixture in
            var bob = try await fixture.person("bob")
            try await fixture.addDevice(to: &bob)
            #expect(try await fixture.acknowledge(bob.mailbox(2), .through(.start)) == .pending)
            #expect(try await fixture.acknowledge(bob.mailbox(3), .through(.start)) == .unknownDevice)
        },
        Case("a fetch whose answer was lost can be repeated until the acknowledgement") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            try await fixture.send(fixture.letter(from: alice, to: bob))
            let page = try await fixture.page(mailbox)
            #expect(try await fixture.page(mailbox) == page)
            try await fixture.acknowledge(mailbox, .through(page.cursor))
            #expect(try await fixture.page(mailbox, after: 0).items.isEmpty)
        },
    ]

    static let tombstones: [Case] = [
        Case("an expired envelope is not returned but told, swept or not") { fixture in
            for sweeps in [false, true] {
                let alice = try await fixture.person(sweeps ? "alice1" : "alice2")
                let bob = try await fixture.person(sweeps ? "bob1" : "bob2")
                let mailbox = try bob.mailbox(1)
                try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10)))
                try await fixture.send(fixture.letter(from: alice, to: bob))
                fixture.clock.advance(by: .seconds(10))
                if sweeps {
                    let report = try await fixture.store.sweep(limit: 100)
                    #expect(report.expired.contains(mailbox))
                }
                let page = try await fixture.page(mailbox)
                #expect(page.outline == "expired 1-1×1, 2")
                #expect(page.state.count == 1)
                #expect(page.state.bytes == 7)
            }
        },
        Case("what a fetch sweeps is reported by the next sweep, so that other polls are woken") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10)))
            fixture.clock.advance(by: .seconds(10))
            _ = try await fixture.page(bob.mailbox(1))
            #expect(try await fixture.store.sweep(limit: 100).expired == [bob.mailbox(1)])
            #expect(try await fixture.store.sweep(limit: 100).expired.isEmpty)
        },
        Case("a withdrawn envelope leaves a tombstone once, for its own depositor only") { fixture in
            let alice = try await fixture.person("alice")
            let carol = try await fixture.person("carol")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let letter = try fixture.letter(from: alice, to: bob)
            try await fixture.send(letter)
            var withdrawal = Withdrawal(
                recipient: bob.handle, device: mailbox.device, depositor: .account(carol.id), id: letter.id)
            #expect(try await fixture.store.withdraw(withdrawal) == nil)
            withdrawal.depositor = .account(alice.id)
            #expect(try await fixture.store.withdraw(withdrawal) == mailbox)
            #expect(try await fixture.store.withdraw(withdrawal) == nil)
            let page = try await fixture.page(mailbox)
            #expect(page.outline == "withdrawn 1-1×1")
            #expect(page.cursor == Sequence(1))
            #expect(page.state.count == 0 && page.state.bytes == 0)
        },
        Case("nothing is withdrawn that was acknowledged, is over, or was never there") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let acked = try fixture.letter(from: alice, to: bob)
            let over = try fixture.letter(from: alice, to: bob, ttl: .seconds(10))
            for letter in [acked, over] { try await fixture.send(letter) }
            try await fixture.acknowledge(mailbox, .through(Sequence(1)))
            fixture.clock.advance(by: .seconds(10))
            for id in [acked.id, over.id, Sample.id()] {
                let withdrawal = Withdrawal(
                    recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id), id: id)
                #expect(try await fixture.store.withdraw(withdrawal) == nil)
            }
            #expect(try await fixture.page(mailbox).outline == "expired 2-2×1")
        },
        Case("neighbours of one reason become one, never across a live envelope or another reason") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let letters = try (0..<6).map { _ in try fixture.letter(from: alice, to: bob) }
            for letter in letters { try await fixture.send(letter) }
            func withdraw(_ seq: Int) async throws {
                let withdrawal = Withdrawal(
                    recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id),
                    id: letters[seq - 1].id)
                #expect(try await fixture.store.withdraw(withdrawal) == mailbox)
            }
            try await withdraw(1)
            try await withdraw(3)
            #expect(try await fixture.page(mailbox).outline == "withdrawn 1-1×1, 2, withdrawn 3-3×1, 4, 5, 6")
            try await withdraw(2)
            #expect(try await fixture.page(mailbox).outline == "withdrawn 1-3×3, 4, 5, 6")
            // An acknowledged seq in between hides nothing.
            try await fixture.acknowledge(mailbox, .seqs([Sequence(4)]))
            try await withdraw(5)
            #expect(try await fixture.page(mailbox).outline == "withdrawn 1-5×4, 6")
            fixture.clock.advance(by: .days(30))
            #expect(try await fixture.page(mailbox).outline == "withdrawn 1-5×4, expired 6-6×1")
        },
        Case("a tombstone that grew is told again whole, and one behind the cursor is not") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10)))
            try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(20)))
            fixture.clock.advance(by: .seconds(10))
            let first = try await fixture.page(mailbox)
            #expect(first.outline == "expired 1-1×1, 2")
            fixture.clock.advance(by: .seconds(10))
            #expect(try await fixture.page(mailbox, after: 1).outline == "expired 1-2×2")
            #expect(try await fixture.page(mailbox, after: 2).outline == "")
        },
        Case("limit counts tombstones and envelopes alike, in one order") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for index in 0..<6 {
                try await fixture.send(
                    fixture.letter(from: alice, to: bob, ttl: index % 2 == 0 ? .seconds(10) : .days(1)))
            }
            fixture.clock.advance(by: .seconds(10))
            var outlines: [String] = []
            var cursor: Int64 = 0
            var more = true
            while more {
                let page = try await fixture.page(mailbox, after: cursor, limit: 2)
                outlines.append(page.outline)
                cursor = page.cursor.value
                more = page.more
            }
            #expect(outlines == ["expired 1-1×1, 2", "expired 3-3×1, 4", "expired 5-5×1, 6"])
            #expect(try await fixture.page(mailbox, after: 4, limit: 1).more)
        },
        Case("acknowledging past the end of a tombstone erases it, before its end it stays whole") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for _ in 0..<3 { try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10))) }
            fixture.clock.advance(by: .seconds(10))
            #expect(try await fixture.page(mailbox).outline == "expired 1-3×3")
            try await fixture.acknowledge(mailbox, .through(Sequence(2)))
            #expect(try await fixture.page(mailbox, after: 0).outline == "expired 1-3×3")
            try await fixture.acknowledge(mailbox, .through(Sequence(3)))
            #expect(try await fixture.page(mailbox, after: 0).outline == "")
        },
        Case("tombstones of a mailbox that nobody reads do not grow for ever") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let bound = 2 * Limits.mailboxEnvelopes
            // Withdrawn and expired in turn: no two neighbours have one reason.
            for _ in 0..<5 {
                var batch: [Deposit] = []
                for index in 0..<450 {
                    batch.append(
                        try fixture.letter(from: alice, to: bob, ttl: index % 2 == 0 ? .seconds(10) : .days(1)))
                }
                _ = try await fixture.store.deposit(batch)
                for index in stride(from: 1, to: 450, by: 2) {
                    let withdrawal = Withdrawal(
                        recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id),
                        id: batch[index].id)
                    #expect(try await fixture.store.withdraw(withdrawal) == mailbox)
                }
                fixture.clock.advance(by: .seconds(10))
                _ = try await fixture.store.sweep(limit: 1000)
            }
            var told = 0
            var count = 0
            var cursor: Int64 = 0
            var more = true
            while more {
                let page = try await fixture.page(mailbox, after: cursor)
                for case .tombstone(let tombstone) in page.items {
                    told += 1
                    count += tombstone.count
                }
                cursor = page.cursor.value
                more = page.more
            }
            #expect(told <= bound)
            #expect(count == 5 * 450)
        },
    ]

    static let capacity: [Case] = [
        Case("a full mailbox refuses while the account's other device gets its mail, and says how many") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            try await fixture.fill(bob, device: 1, from: alice)
            let both = try fixture.letter(from: alice, to: bob, devices: [1, 2])
            let receipt = try await fixture.send(both)
            #expect(
                receipt.items.map(\.outcome) == [
                    .mailboxFull, .stored(Sequence(1), expires: fixture.clock.now + .days(30)),
                ])
            #expect(receipt.items[0].state == nil)
            #expect(try await fixture.page(bob.mailbox(1)).state.refused == 1)
            #expect(try await fixture.page(bob.mailbox(2)).outline == "1")

            // A repeat stays refused, also when there is room again.
            try await fixture.acknowledge(bob.mailbox(1), .through(Sequence(10)))
            let again = try await fixture.send(both)
            #expect(!again.new && again.items[0].outcome == .mailboxFull)
            #expect(try await fixture.page(bob.mailbox(1)).state.count == Limits.mailboxEnvelopes - 10)
            // Under a new id it is taken.
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1], coverage: .ignore))
        },
        Case("when every mailbox is full nothing is remembered, and the recipient is told") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.fill(bob, device: 1, from: alice)
            let letter = try fixture.letter(from: alice, to: bob)
            #expect(try await fixture.deposit(letter) == .mailboxFull([try Sample.device(1)]))
            #expect(try await fixture.page(bob.mailbox(1)).state.refused == 1)
            try await fixture.acknowledge(bob.mailbox(1), .through(Sequence(1)))
            #expect(try await fixture.send(letter).new)
        },
        Case("bytes fill a mailbox, too, to the last one") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let whole = Limits.mailboxBytes / Limits.envelopeBytes
            var letter = try fixture.letter(from: alice, to: bob)
            letter.envelopes[0].content = [UInt8](repeating: 1, count: Limits.envelopeBytes)
            for _ in 0..<whole {
                letter.id = Sample.id()
                try await fixture.send(letter)
            }
            #expect(try await fixture.page(bob.mailbox(1), limit: 1).state.bytes == Limits.mailboxBytes)
            letter.id = Sample.id()
            letter.envelopes[0].content = [1]
            #expect(try await fixture.deposit(letter) == .mailboxFull([try Sample.device(1)]))
        },
        Case("expired mail makes room before a mailbox refuses") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.fill(bob, device: 1, from: alice, ttl: .seconds(10))
            fixture.clock.advance(by: .seconds(10))
            let receipt = try await fixture.send(fixture.letter(from: alice, to: bob))
            let full = Int64(Limits.mailboxEnvelopes)
            #expect(receipt.seq(1) == full + 1)
            #expect(try await fixture.page(bob.mailbox(1)).outline == "expired 1-\(full)×\(full), \(full + 1)")
        },
    ]
}

extension StoreFixture {
    /// As many envelopes as the mailbox takes.
    fileprivate func fill(
        _ person: Person, device: UInt32, from sender: Person, ttl: Duration = .days(30)
    ) async throws {
        var batch: [Deposit] = []
        for _ in 0..<Limits.mailboxEnvelopes {
            batch.append(try letter(from: sender, to: person, devices: [device], ttl: ttl, coverage: .raw))
        }
        let outcomes = try await store.deposit(batch)
        for outcome in outcomes {
            guard case .accepted = outcome else { throw FixtureFailure("not accepted: \(outcome)") }
        }
    }
}
