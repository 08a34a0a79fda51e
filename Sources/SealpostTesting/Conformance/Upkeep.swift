import SealpostCore
import SealpostStore
import SodiumKit
import Testing

extension StoreConformance {
    static let durability: [Case] = [
        Case("everything that was answered is there after reopening") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.account("bob", email: "bob@example.org")
            var reader = bob
            try await fixture.addDevice(to: &reader)
            try await fixture.list([1], of: &reader)
            let letters = try (0..<50).map { _ in try fixture.letter(from: alice, to: reader) }
            for letter in letters { try await fixture.send(letter) }
            try await fixture.acknowledge(reader.mailbox(1), .through(Sequence(10)))
            let page = try await fixture.page(reader.mailbox(1))
            let account = try await fixture.store.account(bob.id)
            let store = try await fixture.reopened()
            #expect(try await store.fetch([Fetch(mailbox: reader.mailbox(1), after: nil, limit: 100)]) == [.page(page)])
            #expect(try await store.account(bob.id) == account)
            let again = try await store.deposit([letters[49], try fixture.letter(from: alice, to: reader)])
            let seqs = again.map { outcome -> Int64? in
                guard case .accepted(let receipt) = outcome else { return nil }
                return receipt.seq(1)
            }
            #expect(seqs == [50, 51])
        },
        Case("migrating again changes nothing, and a closed store is unavailable") { fixture in
            try await fixture.store.migrate()
            try await fixture.store.check()
            let bob = try await fixture.person("bob")
            await fixture.store.close()
            await #expect(throws: StoreError.self) { try await fixture.store.check() }
            await #expect(throws: StoreError.self) { _ = try await fixture.page(bob.mailbox(1)) }
            await #expect(throws: StoreError.self) { _ = try await fixture.store.sweep(limit: 1) }
        },
    ]

    static let upkeep: [Case] = [
        Case("when everything is over the sweep leaves no row") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(1)
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1)], oneTimeKEM: [Sample.kemKey(2)], of: mailbox)
            for _ in 0..<5 { try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2])) }
            _ = try await fixture.claim(Sample.claim(of: bob, by: alice))
            _ = try await fixture.store.replacePrekeys(Sample.longLived(id: 9), of: mailbox)
            _ = try await fixture.store.spendChallenge(Random.bytes(32), expires: fixture.clock.now + .minutes(5))
            _ = try await fixture.store.createToken(
                NewToken(
                    id: Sample.recordID(), account: bob.id, session: bob.session, name: "t", scopes: [.mailbox],
                    device: nil, expires: fixture.clock.now + .days(400), idempotencyKey: "once"))
            #expect(try await fixture.store.endSession(bob.session, of: bob.id))

            fixture.clock.advance(by: .days(400))
            var rounds = 0
            while try await fixture.store.sweep(limit: 2).more { rounds += 1 }
            #expect(rounds >= 4)
            // What is left is told, acknowledged, and goes with its owners.
            #expect(try await fixture.page(mailbox).outline == "expired 1-5×5")
            for device: UInt32 in [1, 2] {
                _ = try await fixture.page(bob.mailbox(device))
                try await fixture.acknowledge(bob.mailbox(device), .through(Sequence(5)))
            }
            var counts = try await fixture.backend.rowCounts(fixture.store)
            for table in ["account", "device", "long_lived_prekey"] {
                #expect(counts.removeValue(forKey: table) ?? 0 > 0, "\(table) is empty before its owner goes")
            }
            for (table, rows) in counts { #expect(rows == 0, "rows are left in \(table)") }
            for person in [alice, bob] { #expect(try await fixture.store.deleteAccount(person.id)) }
            fixture.clock.advance(by: .days(1))
            while try await fixture.store.sweep(limit: 2).more {}
            for (table, rows) in try await fixture.backend.rowCounts(fixture.store) {
                #expect(rows == 0, "rows are left in \(table)")
            }
        },
        Case("a sweep takes at most what it is asked to and says that there is more") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            for _ in 0..<5 { try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10))) }
            #expect(try await fixture.store.sweep(limit: 3) == SweepReport(expired: [], removed: 0, more: false))
            fixture.clock.advance(by: .seconds(10))
            #expect(
                try await fixture.store.sweep(limit: 3)
                    == SweepReport(expired: [try bob.mailbox(1)], removed: 3, more: true))
            #expect(
                try await fixture.store.sweep(limit: 3)
                    == SweepReport(expired: [try bob.mailbox(1)], removed: 2, more: false))
            #expect(try await fixture.page(bob.mailbox(1)).outline == "expired 1-5×5")
        },
        Case("an e-mail address whose key is lost stops no sweep") { fixture in
            _ = try await fixture.account("carol", email: "carol@example.org")
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            try await fixture.send(fixture.letter(from: alice, to: bob, ttl: .seconds(10)))
            fixture.clock.advance(by: .seconds(10))
            let rotated = try fixture.place.keyring.rotated(at: fixture.clock.now)
            let store = try await fixture.reopened(with: Keyring(keys: [rotated.current], current: rotated.current.id))
            let report = try await store.sweep(limit: 1)
            #expect(report.expired == [try bob.mailbox(1)])
            #expect(try await !store.sweep(limit: 1).more)
        },
    ]
}
