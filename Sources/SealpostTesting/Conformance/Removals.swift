import SealpostCore
import SealpostStore
import Testing

extension StoreConformance {
    static let removals: [Case] = [
        Case("what belongs to a removed device is out of sight at once, before and after sweeps") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(2)
            let letters = try (0..<7).map { _ in try fixture.letter(from: alice, to: bob, devices: [1, 2]) }
            for letter in letters { try await fixture.send(letter) }
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1)], oneTimeKEM: [Sample.kemKey(2)], of: mailbox)
            #expect(try await fixture.store.removeDevice(mailbox))
            var more = true
            while true {
                #expect(try await fixture.fetch(mailbox) == .unknownDevice)
                #expect(try await fixture.acknowledge(mailbox, .through(Sequence(1))) == .unknownDevice)
                #expect(try await fixture.store.envelope(Sequence(1), in: mailbox) == nil)
                #expect(try await fixture.store.prekeyState(of: mailbox) == nil)
                let withdrawal = Withdrawal(
                    recipient: bob.handle, device: mailbox.device, depositor: .account(alice.id), id: letters[0].id)
                #expect(try await fixture.store.withdraw(withdrawal) == nil)
                #expect(try await !fixture.store.removeDevice(mailbox))
                // Ids stay known, and the other device keeps what it has.
                #expect(try await !fixture.send(letters[6]).new)
                #expect(try await fixture.page(bob.mailbox(1)).outline == "1, 2, 3, 4, 5, 6, 7")
                guard more else { break }
                more = try await fixture.store.sweep(limit: 2).more
            }
        },
        Case("what belongs to a deleted account is out of sight at once, and in the end leaves no row") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let letters = try (0..<7).map { _ in try fixture.letter(from: alice, to: bob, devices: [1, 2]) }
            for letter in letters { try await fixture.send(letter) }
            let back = try fixture.letter(from: bob, to: alice)
            try await fixture.send(back)
            let claim = try Sample.claim(of: bob, by: alice)
            _ = try await fixture.claim(claim)
            // One device goes before its account does.
            #expect(try await fixture.store.removeDevice(bob.mailbox(1)))
            #expect(try await fixture.store.deleteAccount(bob.id))
            var more = true
            while true {
                #expect(try await fixture.fetch(bob.mailbox(2)) == .unknownDevice)
                #expect(try await fixture.store.envelope(Sequence(1), in: bob.mailbox(2)) == nil)
                #expect(try await fixture.deposit(letters[0]) == .unknownRecipient)
                guard case .unknownAccount = try await fixture.claim(claim) else {
                    throw FixtureFailure("a claim is answered for a deleted account")
                }
                let withdrawal = Withdrawal(
                    recipient: bob.handle, device: try Sample.device(2), depositor: .account(alice.id),
                    id: letters[0].id)
                #expect(try await fixture.store.withdraw(withdrawal) == nil)
                #expect(try await !fixture.store.deleteAccount(bob.id))
                // What it sent belongs to others.
                #expect(try await fixture.page(alice.mailbox(1)).outline == "1")
                guard more else { break }
                more = try await fixture.store.sweep(limit: 2).more
            }
            #expect(try await fixture.store.deleteAccount(alice.id))
            fixture.clock.advance(by: Limits.accessLife)
            while try await fixture.store.sweep(limit: 2).more {}
            for (table, rows) in try await fixture.backend.rowCounts(fixture.store) {
                #expect(rows == 0, "rows are left in \(table)")
            }
        },
    ]
}
