import SealpostCore
import SealpostStore
import SodiumKit
import Testing

extension StoreConformance {
    static let deposits: [Case] = [
        Case("a deposit is answered with its seq and expiry and fetched as it was sent") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let letter = try fixture.letter(from: alice, to: bob, devices: [1, 2], ttl: .days(2))
            let receipt = try await fixture.send(letter)
            let now = fixture.clock.now
            #expect(receipt.new)
            #expect(receipt.recipient == bob.id)
            #expect(receipt.received == now)
            #expect(receipt.items.map(\.device.value) == [1, 2])
            #expect(
                receipt.items.map(\.outcome) == [
                    .stored(Sequence(1), expires: now + .days(2)), .stored(Sequence(1), expires: now + .days(2)),
                ])
            let page = try await fixture.page(bob.mailbox(2))
            #expect(
                page.items == [
                    .envelope(
                        Envelope(
                            seq: Sequence(1), id: letter.id, from: "alice.1", received: now, expires: now + .days(2),
                            content: Array("hello 2".utf8)))
                ])
            #expect(page.cursor == Sequence(1))
            #expect(!page.more)
        },
        Case("the state in a receipt is the mailbox right after the deposit") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob")
            try await fixture.addDevice(to: &bob)
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1)], oneTimeKEM: [Sample.kemKey(2), Sample.kemKey(3)], of: bob.mailbox(1))
            try await fixture.send(fixture.letter(from: alice, to: bob))
            let receipt = try await fixture.send(fixture.letter(from: alice, to: bob))
            let state = try #require(receipt.items.first?.state)
            let page = try await fixture.page(bob.mailbox(1))
            #expect(state == page.state)
            #expect(state.address.description == "bob.1")
            #expect(state.count == 2)
            #expect(state.bytes == 14)
            #expect(state.refused == 0)
            #expect(state.prekeys == PrekeyCounts(oneTime: 1, oneTimeKEM: 2))
            #expect(state.account.listVersion == 1)
            #expect(state.account.listHash == bob.list?.hash)
            #expect(state.account.pendingDevices == [try Sample.device(2)])
        },
        Case("a batch is answered in order and a bad deposit fails no neighbour") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let nobody = Person(
                id: AccountID(999), handle: try #require(Handle("nobody")), session: Sample.recordID(), accountKey: [])
            let repeated = try fixture.letter(from: alice, to: bob)
            var other = repeated
            other.envelopes[0].content = [1]
            let outcomes = try await fixture.store.deposit([
                fixture.letter(from: alice, to: nobody), repeated, repeated, other,
                fixture.letter(from: alice, to: bob, devices: [1, 7]), fixture.letter(from: alice, to: bob),
            ])
            try #require(outcomes.count == 6)
            #expect(outcomes[0] == .unknownRecipient)
            guard case .accepted(let first) = outcomes[1], case .accepted(let again) = outcomes[2],
                case .accepted(let last) = outcomes[5]
            else { throw FixtureFailure("\(outcomes)") }
            #expect(first.new && first.seq(1) == 1)
            #expect(!again.new && again.seq(1) == 1)
            #expect(outcomes[3] == .idConflict)
            #expect(outcomes[4] == .deviceMismatch(missing: [], gone: [try Sample.device(7)]))
            #expect(last.new && last.seq(1) == 2)
            #expect(try await fixture.page(bob.mailbox(1)).outline == "1, 2")
        },
        Case("concurrent depositors get every seq once, and readers see no holes") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            var senders: [Person] = []
            for index in 0..<4 { senders.append(try await fixture.person("sender\(index)")) }
            let total = 200
            try await withThrowingTaskGroup(of: Void.self) { group in
                for sender in senders {
                    group.addTask {
                        for _ in 0..<(total / 4) {
                            try await fixture.send(fixture.letter(from: sender, to: bob))
                        }
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        var seen: Int64 = 0
                        while seen < total {
                            let page = try await fixture.page(mailbox, after: seen, limit: 7)
                            let seqs = page.items.map(\.end.value)
                            #expect(seqs == Array(seen + 1..<seen + 1 + Int64(seqs.count)), "a hole after \(seen)")
                            seen = page.cursor.value
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.page(mailbox).state.count == total)
        },
    ]

    static let coverage: [Case] = [
        Case("strict needs every listed device that is not dormant and not the depositor's own") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 3)
            let two = try Sample.device(2)
            let three = try Sample.device(3)
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [1]))
                    == .deviceMismatch(missing: [two, three], gone: []))
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [1, 2, 9]))
                    == .deviceMismatch(missing: [three], gone: [try Sample.device(9)]))
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2, 3]))
            // To oneself: one's own device is never required, and may be covered.
            try await fixture.send(fixture.letter(from: bob, to: bob, devices: [2, 3]))
            try await fixture.send(fixture.letter(from: bob, to: bob, devices: [1, 2, 3]))
        },
        Case("a pending device is neither required nor covered") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob")
            try await fixture.addDevice(to: &bob)
            let two = try Sample.device(2)
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [1, 2]))
                    == .deviceMismatch(missing: [], gone: [two]))
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1]))
        },
        Case("a device that the list still names is only ever gone once it is removed") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            #expect(try await fixture.store.removeDevice(bob.mailbox(2)))
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [1, 2]))
                    == .deviceMismatch(missing: [], gone: [try Sample.device(2)]))
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1]))
        },
        Case("ignore looks only at what is gone") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [2], coverage: .ignore))
            #expect(
                try await fixture.deposit(fixture.letter(from: alice, to: bob, devices: [2, 3], coverage: .ignore))
                    == .deviceMismatch(missing: [], gone: [try Sample.device(3)]))
        },
        Case("raw to a device without a mailbox is told which") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            try await fixture.addDevice(to: &bob)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [2], coverage: .raw))
            for device: UInt32 in [3, 4] {
                let outcome = try await fixture.deposit(
                    fixture.letter(from: alice, to: bob, devices: [device], coverage: .raw))
                #expect(outcome == .deviceMismatch(missing: [], gone: [try Sample.device(device)]))
            }
        },
    ]
}
