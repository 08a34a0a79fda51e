import SealpostCore
import SealpostStore
import SodiumKit
import Testing

extension StoreConformance {
    static let devices: [Case] = [
        Case("a device is registered pending, its session becomes it, and the same key again is the same") { fixture in
            var bob = try await fixture.account("bob")
            try await fixture.addDevice(to: &bob)
            #expect(try await fixture.store.session(bob.session)?.device?.value == 1)
            let device = try #require(try await fixture.store.devices(of: bob.id).first)
            #expect(
                device
                    == Device(
                        number: try Sample.device(1), name: "laptop", identityKey: bob.devices[0].identityKey,
                        state: .pending, created: fixture.clock.now, lastFetch: nil))
            // Again, also by another session, which then is bound to it.
            let other = try await fixture.session(of: bob)
            for session in [bob.session, other] {
                var again = bob.devices[0]
                again.session = session
                guard case .registered(let number, let bound) = try await fixture.store.registerDevice(again) else {
                    throw FixtureFailure("not registered")
                }
                #expect(number.value == 1)
                #expect(bound.device?.value == 1)
                #expect(bound.id == session)
            }
            #expect(try await fixture.store.devices(of: bob.id).count == 1)
        },
        Case("a session that is a device, or is not there, registers no other") { fixture in
            let alice = try await fixture.account("alice")
            let bob = try await fixture.person("bob")
            guard
                case .sessionBound(let bound) = try await fixture.store.registerDevice(
                    Sample.newDevice(account: bob.id, session: bob.session)),
                case .unknownSession = try await fixture.store.registerDevice(
                    Sample.newDevice(account: bob.id, session: Sample.recordID())),
                case .unknownSession = try await fixture.store.registerDevice(
                    Sample.newDevice(account: bob.id, session: alice.session))
            else { throw FixtureFailure("wrong outcome") }
            #expect(bound.value == 1)
        },
        Case("an identity key belongs to one device and is never accepted again") { fixture in
            let alice = try await fixture.account("alice")
            let bob = try await fixture.person("bob")
            let key = bob.devices[0].identityKey
            func register(_ person: Person) async throws -> DeviceRegistration {
                let session = try await fixture.session(of: person)
                return try await fixture.store.registerDevice(
                    Sample.newDevice(account: person.id, session: session, identityKey: key))
            }
            guard case .keyTaken = try await register(alice) else { throw FixtureFailure("taken by another account") }
            #expect(try await fixture.store.removeDevice(bob.mailbox(1)))
            guard case .keyTaken = try await register(bob) else { throw FixtureFailure("of a removed device") }
            #expect(try await fixture.store.deleteAccount(bob.id))
            guard case .keyTaken = try await register(alice) else { throw FixtureFailure("of a deleted account") }
        },
        Case("an account has ten devices at a time, and a number is never used again") { fixture in
            var bob = try await fixture.account("bob")
            for _ in 0..<Limits.devices { try await fixture.addDevice(to: &bob) }
            let session = try await fixture.session(of: bob)
            let eleventh = Sample.newDevice(account: bob.id, session: session)
            guard case .tooMany = try await fixture.store.registerDevice(eleventh) else {
                throw FixtureFailure("too many")
            }
            #expect(try await fixture.store.removeDevice(bob.mailbox(10)))
            guard case .registered(let number, _) = try await fixture.store.registerDevice(eleventh) else {
                throw FixtureFailure("not registered")
            }
            #expect(number.value == 11)
        },
        Case("an account registers a thousand devices in its life, and those it has stay") { fixture in
            let bob = try await fixture.account("bob")
            var newest = Sample.newDevice(account: bob.id, session: bob.session)
            for number in 1...UInt32(Limits.devicesEver) {
                if number > 1 {
                    #expect(try await fixture.store.removeDevice(bob.mailbox(number - 1)))
                    newest = Sample.newDevice(account: bob.id, session: try await fixture.session(of: bob))
                }
                guard case .registered = try await fixture.store.registerDevice(newest) else {
                    throw FixtureFailure("device \(number) was not registered")
                }
            }
            let session = try await fixture.session(of: bob)
            let beyond = Sample.newDevice(account: bob.id, session: session)
            guard case .tooManyEver = try await fixture.store.registerDevice(beyond) else {
                throw FixtureFailure("one more was registered")
            }
            newest.session = session
            guard case .registered(let number, _) = try await fixture.store.registerDevice(newest) else {
                throw FixtureFailure("its newest device cannot sign in again")
            }
            #expect(number.value == Limits.devicesEver)
        },
        Case("a removed device takes its mail, keys, sessions and tokens with it") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            let mailbox = try bob.mailbox(2)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))
            let expires = fixture.clock.now + .days(30)
            let token = NewToken(
                id: Sample.recordID(), account: bob.id, session: bob.devices[1].session, name: "t",
                scopes: [.mailbox], device: mailbox.device, expires: expires, idempotencyKey: nil)
            guard case .created = try await fixture.store.createToken(token) else { throw FixtureFailure("no token") }
            #expect(try await fixture.store.removeDevice(mailbox))
            #expect(try await !fixture.store.removeDevice(mailbox))
            #expect(try await fixture.fetch(mailbox) == .unknownDevice)
            #expect(try await fixture.store.prekeyState(of: mailbox) == nil)
            #expect(try await fixture.store.session(bob.devices[1].session) == nil)
            #expect(try await fixture.store.session(bob.session) != nil)
            #expect(try await fixture.store.tokens(of: bob.id).isEmpty)
            // The session, too: its first access token was given before it became the device, and names none.
            let log = try await fixture.store.revocations(after: 0, limit: 10)
            #expect(
                log == [
                    Revocation(number: 1, subject: .device(mailbox), until: expires),
                    Revocation(
                        number: 2, subject: .session(bob.devices[1].session),
                        until: fixture.clock.now + Limits.accessLife),
                ])
            guard case .unknownSession = try await fixture.store.createToken(token) else {
                throw FixtureFailure("a token by a session that is gone")
            }
            #expect(try await fixture.page(bob.mailbox(1)).outline == "1")
        },
        Case("openings are counted; a lost answer is repeated and an old copy is refused") { fixture in
            let bob = try await fixture.person("bob")
            let mailbox = try bob.mailbox(1)
            let nonces = (0..<3).map { _ in Random.bytes(16) }
            func open(_ last: UInt64, _ nonce: Int) async throws -> OpeningOutcome {
                try await fixture.store.openDevice(mailbox, last: last, nonce: nonces[nonce])
            }
            #expect(try await open(0, 0) == .opened(1))
            #expect(try await open(0, 0) == .opened(1))
            #expect(try await open(0, 1) == .rollback)
            #expect(try await open(1, 1) == .opened(2))
            #expect(try await open(0, 0) == .rollback)
            #expect(try await open(1, 2) == .rollback)
            #expect(try await open(9, 2) == .rollback)
            #expect(try await fixture.store.openDevice(bob.mailbox(2), last: 0, nonce: []) == .unknownDevice)
        },
    ]

    static let deviceLists: [Case] = [
        Case("a list is compared and set, and the same again is stored") { fixture in
            var bob = try await fixture.account("bob")
            try await fixture.addDevice(to: &bob)
            let first = try Sample.listChange(naming: [1], of: bob)
            let rival = try Sample.listChange(naming: [1], of: bob)
            #expect(try await fixture.store.changeDeviceList(first, of: bob.id) == .stored)
            #expect(try await fixture.store.changeDeviceList(first, of: bob.id) == .stored)
            #expect(
                try await fixture.store.changeDeviceList(rival, of: bob.id)
                    == .conflict(version: 1, hash: first.list.hash))
            bob.list = first.list
            var skipping = try Sample.listChange(naming: [1], of: bob)
            skipping.list.version = 3
            #expect(
                try await fixture.store.changeDeviceList(skipping, of: bob.id)
                    == .conflict(version: 1, hash: first.list.hash))
            var forked = try Sample.listChange(naming: [1], of: bob)
            forked.previous = Random.bytes(32)
            #expect(
                try await fixture.store.changeDeviceList(forked, of: bob.id)
                    == .conflict(version: 1, hash: first.list.hash))
            let second = try Sample.listChange(naming: [], of: bob)
            #expect(try await fixture.store.changeDeviceList(second, of: bob.id) == .stored)
            #expect(try await fixture.store.account(bob.id)?.list == second.list)
        },
        Case("the first list follows nothing") { fixture in
            var bob = try await fixture.account("bob")
            try await fixture.addDevice(to: &bob)
            var change = try Sample.listChange(naming: [1], of: bob)
            change.previous = Random.bytes(32)
            #expect(
                try await fixture.store.changeDeviceList(change, of: bob.id) == .conflict(version: nil, hash: nil))
        },
        Case("of concurrent changes of a list one is stored") { fixture in
            let bob = try await fixture.person("bob")
            let changes = try (0..<8).map { _ in try Sample.listChange(naming: [1], of: bob) }
            let stored = try await withThrowingTaskGroup(of: Bool.self) { group in
                for change in changes {
                    group.addTask { try await fixture.store.changeDeviceList(change, of: bob.id) == .stored }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(stored == 1)
        },
        Case("a list is refused that another key signed or that names what is not registered") { fixture in
            var bob = try await fixture.account("bob")
            try await fixture.addDevice(to: &bob)
            var change = try Sample.listChange(naming: [1], of: bob)
            change.accountKey = Random.bytes(32)
            #expect(try await fixture.store.changeDeviceList(change, of: bob.id) == .otherAccountKey)
            change.accountKey = bob.accountKey
            #expect(try await fixture.store.changeDeviceList(change, of: AccountID(999)) == .unknownAccount)
            change.entries.append(.init(device: try Sample.device(2), identityKey: Random.bytes(32)))
            #expect(
                try await fixture.store.changeDeviceList(change, of: bob.id) == .unknownDevice(try Sample.device(2)))
            change.entries = [.init(device: try Sample.device(1), identityKey: Random.bytes(32))]
            #expect(
                try await fixture.store.changeDeviceList(change, of: bob.id) == .unknownDevice(try Sample.device(1)))
            let keyless = Sample.recordID()
            guard
                case .created(let carol, _) = try await fixture.store.createAccount(
                    NewAccount(
                        handle: try #require(Handle("carol")), passwordHash: "", email: nil, accountKey: nil,
                        session: NewSession(id: keyless)))
            else { throw FixtureFailure("not created") }
            change.entries = []
            #expect(try await fixture.store.changeDeviceList(change, of: carol.id) == .noAccountKey)
        },
        Case("the account key is replaced together with the list that it signs") { fixture in
            var bob = try await fixture.person("bob")
            var change = try Sample.listChange(naming: [1], of: bob)
            change.accountKey = Random.bytes(32)
            #expect(try await fixture.store.setAccountKey(change, of: bob.id) == .stored)
            #expect(try await fixture.store.setAccountKey(change, of: bob.id) == .stored)
            let account = try #require(try await fixture.store.account(bob.id))
            #expect(account.accountKey == change.accountKey)
            #expect(account.list == change.list)
            var stale = try Sample.listChange(naming: [1], of: bob)
            stale.accountKey = Random.bytes(32)
            #expect(
                try await fixture.store.setAccountKey(stale, of: bob.id)
                    == .conflict(version: 2, hash: change.list.hash))
            bob.list = change.list
            let old = try Sample.listChange(naming: [1], of: bob)
            #expect(try await fixture.store.changeDeviceList(old, of: bob.id) == .otherAccountKey)
            #expect(try await fixture.store.setAccountKey(old, of: AccountID(999)) == .unknownAccount)
        },
        Case("devices that a list drops are pending again, and their mail waits until a list names them") { fixture in
            let alice = try await fixture.person("alice")
            var bob = try await fixture.person("bob", devices: 2)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))
            try await fixture.list([1], of: &bob)
            #expect(try await fixture.store.devices(of: bob.id).map(\.state) == [.listed, .pending])
            guard case .pending(let state) = try await fixture.fetch(bob.mailbox(2)) else {
                throw FixtureFailure("not pending")
            }
            #expect(state.pendingDevices == [try Sample.device(2)])
            try await fixture.list([1, 2], of: &bob)
            #expect(try await fixture.page(bob.mailbox(2)).outline == "1")
        },
    ]
}
