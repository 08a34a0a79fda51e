import SealpostCore
import SealpostStore
import Testing

extension StoreConformance {
    static let idempotency: [Case] = [
        Case("a deposit repeated after a lost answer is answered as it was and stored once") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let letter = try fixture.letter(from: alice, to: bob, devices: [1, 2])
            let first = try await fixture.send(letter)
            fixture.clock.advance(by: .hours(3))
            var shuffled = letter
            shuffled.envelopes.reverse()
            let again = try await fixture.send(shuffled)
            #expect(!again.new)
            #expect(again.received == first.received)
            #expect(again.items.map(\.outcome) == first.items.map(\.outcome))
            #expect(again.items.map(\.device) == first.items.map(\.device))
            #expect(again.items.allSatisfy { $0.state == nil })
            #expect(try await fixture.page(bob.mailbox(1)).state.count == 1)
        },
        Case("a repeat is answered after acknowledgement, withdrawal and expiry") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let acked = try fixture.letter(from: alice, to: bob)
            let withdrawn = try fixture.letter(from: alice, to: bob)
            let expired = try fixture.letter(from: alice, to: bob, ttl: .seconds(10))
            for letter in [acked, withdrawn, expired] { try await fixture.send(letter) }
            try await fixture.acknowledge(mailbox, .through(Sequence(1)))
            _ = try await fixture.store.withdraw(
                Withdrawal(
                    recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id), id: withdrawn.id))
            fixture.clock.advance(by: .days(6))
            _ = try await fixture.store.sweep(limit: 100)
            for (seq, letter) in [acked, withdrawn, expired].enumerated() {
                let receipt = try await fixture.send(letter)
                #expect(!receipt.new)
                #expect(receipt.seq(1) == Int64(seq + 1))
            }
            #expect(try await fixture.page(mailbox).state.count == 0)
        },
        Case("a repeat is answered after the device list changed and a device was removed") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            let letter = try fixture.letter(from: alice, to: bob, devices: [1, 2])
            let first = try await fixture.send(letter)
            try await fixture.addDevice(to: &bob)
            try await fixture.list([1, 3], of: &bob)
            let afterList = try await fixture.send(letter)
            #expect(!afterList.new && afterList.items.map(\.outcome) == first.items.map(\.outcome))
            #expect(try await fixture.store.removeDevice(bob.mailbox(2)))
            let afterRemoval = try await fixture.send(letter)
            #expect(!afterRemoval.new && afterRemoval.items.map(\.outcome) == first.items.map(\.outcome))
        },
        Case("another depositor with the same id disturbs nobody") { fixture in
            let alice = try await fixture.person("alice")
            let carol = try await fixture.person("carol")
            let bob = try await fixture.person("bob")
            let id = Sample.id()
            let first = try await fixture.send(fixture.letter(from: alice, to: bob, id: id, content: "a"))
            let second = try await fixture.send(fixture.letter(from: carol, to: bob, id: id, content: "c"))
            var token = try fixture.letter(from: alice, to: bob, id: id, content: "t")
            token.depositor = .token(Sample.recordID())
            let third = try await fixture.send(token)
            #expect([first, second, third].map { $0.new } == [true, true, true])
            #expect([first, second, third].map { $0.seq(1) } == [1, 2, 3])
            let elsewhere = try await fixture.send(fixture.letter(from: alice, to: carol, id: id, content: "a"))
            #expect(elsewhere.new)
        },
        Case("a known id with other content, or for more devices, is a conflict") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let id = Sample.id()
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1], id: id, coverage: .raw))
            let others = [
                try fixture.letter(from: alice, to: bob, devices: [1], id: id, content: "other", coverage: .raw),
                try fixture.letter(from: alice, to: bob, devices: [1, 2], id: id),
            ]
            for other in others { #expect(try await fixture.deposit(other) == .idConflict) }
            #expect(try await fixture.page(bob.mailbox(1)).state.count == 1)
            #expect(try await fixture.page(bob.mailbox(2)).state.count == 0)
            // The key is (mailbox, depositor, id): in another mailbox the id is free.
            let other = try await fixture.send(
                fixture.letter(from: alice, to: bob, devices: [2], id: id, coverage: .raw))
            #expect(other.new)
        },
        Case("what was stored nowhere is not remembered") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            let letter = try fixture.letter(from: alice, to: bob, devices: [1])
            guard case .deviceMismatch = try await fixture.deposit(letter) else {
                throw FixtureFailure("a device is missing and the deposit was taken")
            }
            try await fixture.list([1], of: &bob)
            #expect(try await fixture.send(letter).new)
        },
        Case("an id is known for its ttl or a week, whichever is longer, and then free") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let short = try fixture.letter(from: alice, to: bob, ttl: .seconds(10))
            let long = try fixture.letter(from: alice, to: bob, ttl: .days(20))
            for letter in [short, long] { try await fixture.send(letter) }
            fixture.clock.advance(by: .days(7) - .milliseconds(1))
            #expect(try await !fixture.send(short).new)
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await fixture.send(short).new)
            #expect(try await !fixture.send(long).new)
            fixture.clock.advance(by: .days(13))
            #expect(try await fixture.send(long).new)
        },
        Case("an id is known after the keyring was rotated") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let letter = try fixture.letter(from: alice, to: bob)
            let claim = try Sample.claim(of: bob, by: alice)
            try await fixture.send(letter)
            guard case .claimed = try await fixture.claim(claim) else { throw FixtureFailure("not claimed") }
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1)], oneTimeKEM: [], of: bob.mailbox(1))
            fixture.clock.advance(by: .days(1))
            let keyring = try fixture.place.keyring.rotated(at: fixture.clock.now)
            let store = try await fixture.reopened(with: keyring)
            guard case .accepted(let receipt) = try await store.deposit([letter])[0] else {
                throw FixtureFailure("not accepted")
            }
            #expect(!receipt.new)
            guard case .claimed(let answer, _) = try await store.claim([claim])[0] else {
                throw FixtureFailure("not claimed")
            }
            #expect(answer.bundles.map(\.oneTimePrekey) == [nil])
        },
    ]
}
