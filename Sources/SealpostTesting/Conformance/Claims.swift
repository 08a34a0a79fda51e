import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit
import Testing

extension StoreConformance {
    static let claims: [Case] = [
        Case("a claim gives one-time keys in upload order, then the last-resort key") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let oneTime = [Sample.oneTimeKey(9), Sample.oneTimeKey(2)]
            let kem = [Sample.kemKey(30)]
            _ = try await fixture.store.appendPrekeys(oneTime: oneTime, oneTimeKEM: kem, of: bob.mailbox(1))
            let lastResort = bob.devices[0].prekeys.lastResortKEMPrekey.body
            for round in 0..<3 {
                let answer = try await fixture.claimed(Sample.claim(of: bob, by: alice))
                #expect(answer.list.bytes == bob.list?.bytes && answer.signature.bytes == bob.list?.signature)
                let bundle = try #require(answer.bundles.first)
                #expect(answer.bundles.count == 1)
                #expect(bundle.device.value == 1)
                #expect(bundle.identityKey.bytes == bob.devices[0].identityKey)
                #expect(bundle.signedPrekey == bob.devices[0].prekeys.signedPrekey.body)
                #expect(bundle.sealingKey == bob.devices[0].prekeys.sealingKey.body)
                #expect(bundle.oneTimePrekey == (round < 2 ? oneTime[round] : nil))
                let expected = round < 1 ? kem[0] : lastResort
                #expect(
                    bundle.kemPrekey
                        == .init(
                            id: expected.id, key: expected.key, signature: expected.signature, lastResort: round > 0))
            }
            #expect(
                try await fixture.store.prekeyState(of: bob.mailbox(1))?.counts
                    == PrekeyCounts(oneTime: 0, oneTimeKEM: 0))
        },
        Case("concurrent claimers never share a one-time key") { fixture in
            let bob = try await fixture.person("bob")
            var claimers: [Person] = []
            for index in 0..<8 { claimers.append(try await fixture.person("claimer\(index)")) }
            _ = try await fixture.store.appendPrekeys(
                oneTime: (1...40).map(Sample.oneTimeKey), oneTimeKEM: (101...140).map(Sample.kemKey),
                of: bob.mailbox(1))
            let given = try await withThrowingTaskGroup(of: [UInt32].self) { group in
                for claimer in claimers {
                    group.addTask {
                        var ids: [UInt32] = []
                        for _ in 0..<6 {
                            let answer = try await fixture.claimed(Sample.claim(of: bob, by: claimer))
                            for bundle in answer.bundles {
                                if let key = bundle.oneTimePrekey { ids.append(key.id) }
                                if !bundle.kemPrekey.lastResort { ids.append(bundle.kemPrekey.id) }
                            }
                        }
                        return ids
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(given.count == 80)
            #expect(Set(given).count == 80)
        },
        Case("a claim repeated gets the same answer and burns nothing, whatever changed since") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(1)
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1), Sample.oneTimeKey(2)], oneTimeKEM: [Sample.kemKey(5)], of: mailbox)
            let claim = try Sample.claim(of: bob, by: alice)
            #expect(try await fixture.knownAnswer(to: claim) == nil)
            let first = try await fixture.claimed(claim)
            _ = try await fixture.store.replacePrekeys(Sample.longLived(id: 50), of: mailbox)
            try await fixture.list([1], of: &bob)
            #expect(try await fixture.store.removeDevice(bob.mailbox(2)))
            fixture.clock.advance(by: Limits.claimMemory - .milliseconds(1))
            #expect(try await fixture.claimed(claim) == first)
            #expect(try await fixture.knownAnswer(to: claim) == first)
            #expect(
                try await fixture.store.prekeyState(of: mailbox)?.counts
                    == PrekeyCounts(oneTime: 1, oneTimeKEM: 0))
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await fixture.knownAnswer(to: claim) == nil)
            #expect(try await fixture.claimed(claim) != first)
        },
        Case("a request id with other devices is a conflict, and another claimer's is its own") { fixture in
            let alice = try await fixture.person("alice")
            let carol = try await fixture.person("carol")
            let bob = try await fixture.person("bob", devices: 2)
            let id = Sample.id()
            let one = [try Sample.device(1)]
            _ = try await fixture.claimed(Sample.claim(of: bob, by: alice, devices: one, requestID: id))
            for devices in [nil, [try Sample.device(2)], [try Sample.device(1), try Sample.device(2)]] {
                let outcome = try await fixture.claim(
                    Sample.claim(of: bob, by: alice, devices: devices, requestID: id))
                guard case .idConflict = outcome else { throw FixtureFailure("\(outcome)") }
                let known = try await fixture.store.knownClaim(
                    Sample.claim(of: bob, by: alice, devices: devices, requestID: id))
                guard case .idConflict? = known else { throw FixtureFailure("\(String(describing: known))") }
            }
            #expect(try await fixture.knownAnswer(to: Sample.claim(of: bob, by: carol, requestID: id)) == nil)
            let other = try await fixture.claimed(Sample.claim(of: bob, by: carol, requestID: id))
            #expect(other.bundles.map(\.device.value) == [1, 2])
        },
        Case("without devices a claim covers what a strict deposit must") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 3)
            try await fixture.addDevice(to: &bob)
            fixture.clock.advance(by: Limits.dormancy)
            _ = try await fixture.page(bob.mailbox(1))
            _ = try await fixture.page(bob.mailbox(2))
            let others = try await fixture.claimed(Sample.claim(of: bob, by: alice))
            #expect(others.bundles.map(\.device.value) == [1, 2])
            let own = try await fixture.claimed(Sample.claim(of: bob, by: bob))
            #expect(own.bundles.map(\.device.value) == [2])
            // A dormant device can be named.
            let named = try await fixture.claimed(
                Sample.claim(of: bob, by: alice, devices: [try Sample.device(3)]))
            #expect(named.bundles.map(\.device.value) == [3])
        },
        Case("who cannot be claimed is told") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob")
            let bare = try await fixture.account("bare")
            try await fixture.addDevice(to: &bob)
            let nobody = Person(
                id: AccountID(999), handle: try #require(Handle("nobody")), session: Sample.recordID(), accountKey: [])
            let unknown = [try Sample.device(2), try Sample.device(9)]
            let outcomes = try await fixture.store.claim([
                Sample.claim(of: nobody, by: alice), Sample.claim(of: bare, by: alice),
                Sample.claim(of: bob, by: alice, devices: unknown + [try Sample.device(1)]),
                Sample.claim(of: bob, by: bob), Sample.claim(of: bob, by: alice),
            ])
            try #require(outcomes.count == 5)
            guard case .unknownAccount = outcomes[0], case .noDevices = outcomes[1],
                case .unknownDevices(unknown) = outcomes[2], case .noDevices = outcomes[3],
                case .claimed(_, bob.id) = outcomes[4]
            else { throw FixtureFailure("\(outcomes)") }
        },
    ]

    static let prekeys: [Case] = [
        Case("appended keys are counted, and the digest is over what is held") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let oneTime = [Sample.oneTimeKey(4), Sample.oneTimeKey(3)]
            let kem = [Sample.kemKey(7)]
            #expect(
                try await fixture.store.appendPrekeys(oneTime: oneTime, oneTimeKEM: kem, of: mailbox)
                    == .stored(PrekeyCounts(oneTime: 2, oneTimeKEM: 1)))
            var digest = PrekeyDigest()
            let held = bob.devices[0].prekeys
            for (kind, key) in [
                (PrekeyDigest.Kind.signed, held.signedPrekey.body), (.lastResort, held.lastResortKEMPrekey.body),
                (.oneTimeKEM, kem[0]),
            ] {
                digest.add(kind, id: key.id, key: key.key.bytes, signature: key.signature.bytes)
            }
            let sealing = held.sealingKey.body
            digest.add(.sealing, id: sealing.id, key: sealing.key.bytes, signature: sealing.signature.bytes)
            for key in oneTime { digest.add(.oneTime, id: key.id, key: key.key.bytes) }
            #expect(
                try await fixture.store.prekeyState(of: mailbox)
                    == PrekeyState(
                        counts: PrekeyCounts(oneTime: 2, oneTimeKEM: 1), digest: digest.value(SodiumFormatCrypto.self)))
        },
        Case("the same key again is fine, also after it was claimed, and is not given twice") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let key = Sample.oneTimeKey(1)
            let kem = Sample.kemKey(2)
            for _ in 0..<2 {
                #expect(
                    try await fixture.store.appendPrekeys(oneTime: [key, key], oneTimeKEM: [kem], of: mailbox)
                        == .stored(PrekeyCounts(oneTime: 1, oneTimeKEM: 1)))
            }
            let first = try await fixture.claimed(Sample.claim(of: bob, by: alice))
            #expect(first.bundles[0].oneTimePrekey == key)
            #expect(
                try await fixture.store.appendPrekeys(oneTime: [key], oneTimeKEM: [kem], of: mailbox)
                    == .stored(PrekeyCounts(oneTime: 0, oneTimeKEM: 0)))
            let second = try await fixture.claimed(Sample.claim(of: bob, by: alice))
            #expect(second.bundles[0].oneTimePrekey == nil)
            #expect(second.bundles[0].kemPrekey.lastResort)
        },
        Case("an id with another key is a conflict, held, given, or in one upload, and nothing is stored") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            _ = try await fixture.store.appendPrekeys(
                oneTime: [Sample.oneTimeKey(1), Sample.oneTimeKey(2)], oneTimeKEM: [Sample.kemKey(3)], of: mailbox)
            _ = try await fixture.claimed(Sample.claim(of: bob, by: alice))
            for id: UInt32 in [1, 2] {
                #expect(
                    try await fixture.store.appendPrekeys(
                        oneTime: [Sample.oneTimeKey(8), Sample.oneTimeKey(id)], oneTimeKEM: [], of: mailbox)
                        == .conflict(id: id))
            }
            #expect(
                try await fixture.store.appendPrekeys(
                    oneTime: [Sample.oneTimeKey(9), Sample.oneTimeKey(9)], oneTimeKEM: [], of: mailbox)
                    == .conflict(id: 9))
            // KEM prekeys of both kinds share one space: 1 is the last-resort key's.
            #expect(
                try await fixture.store.appendPrekeys(oneTime: [], oneTimeKEM: [Sample.kemKey(1)], of: mailbox)
                    == .conflict(id: 1))
            #expect(try await fixture.store.prekeyState(of: mailbox)?.counts.oneTime == 1)
        },
        Case("no more than 500 of a kind are held, all of an upload or none") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            for start: UInt32 in stride(from: 1, to: 500, by: 100) {
                let keys = (start..<start + 100).map(Sample.oneTimeKey)
                guard case .stored = try await fixture.store.appendPrekeys(oneTime: keys, oneTimeKEM: [], of: mailbox)
                else { throw FixtureFailure("not stored") }
            }
            #expect(
                try await fixture.store.appendPrekeys(
                    oneTime: [Sample.oneTimeKey(900)], oneTimeKEM: [Sample.kemKey(901)], of: mailbox)
                    == .tooMany(PrekeyCounts(oneTime: 500, oneTimeKEM: 0)))
        },
        Case("long-lived keys are replaced, and their ids are not used again") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            _ = try await fixture.store.appendPrekeys(oneTime: [], oneTimeKEM: [Sample.kemKey(7)], of: mailbox)
            let first = bob.devices[0].prekeys
            let second = Sample.longLived(id: 2)
            for _ in 0..<2 {
                guard case .stored = try await fixture.store.replacePrekeys(second, of: mailbox) else {
                    throw FixtureFailure("not stored")
                }
            }
            for prekeys in [first, Sample.longLived(id: 1), Sample.longLived(id: 2)] {
                let id = prekeys.signedPrekey.body.id
                #expect(try await fixture.store.replacePrekeys(prekeys, of: mailbox) == .conflict(id: id))
            }
            // The last-resort key may not take a one-time key's id.
            #expect(
                try await fixture.store.replacePrekeys(Sample.longLived(id: 7), of: mailbox) == .conflict(id: 7))
            let bundle = try await fixture.claimed(Sample.claim(of: bob, by: alice)).bundles[0]
            #expect(bundle.signedPrekey == second.signedPrekey.body)
            #expect(bundle.sealingKey == second.sealingKey.body)
        },
        Case("an unknown device has no prekeys") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(4)
            #expect(try await fixture.store.prekeyState(of: mailbox) == nil)
            #expect(
                try await fixture.store.appendPrekeys(oneTime: [], oneTimeKEM: [], of: mailbox) == .unknownDevice)
            #expect(try await fixture.store.replacePrekeys(Sample.longLived(id: 1), of: mailbox) == .unknownDevice)
        },
    ]
}

extension StoreFixture {
    fileprivate func claimed(_ claim: Claim) async throws -> ClaimAnswer {
        let outcome = try await self.claim(claim)
        guard case .claimed(let answer, _) = outcome else { throw FixtureFailure("not claimed: \(outcome)") }
        return answer
    }

    fileprivate func knownAnswer(to claim: Claim) async throws -> ClaimAnswer? {
        guard let outcome = try await store.knownClaim(claim) else { return nil }
        guard case .claimed(let answer, _) = outcome else { throw FixtureFailure("not claimed: \(outcome)") }
        return answer
    }
}
