import SealpostCore
import SealpostStore
import SodiumKit
import Testing

extension StoreConformance {
    static let accounts: [Case] = [
        Case("an account is found by handle, e-mail in any case, and id") { fixture in
            let bob = try await fixture.account("bob", email: "Bob@example.org")
            for login in [Login.handle(bob.handle), .email("bob@EXAMPLE.org")] {
                let credentials = try #require(try await fixture.store.credentials(for: login))
                #expect(credentials.account == bob.id)
                #expect(credentials.handle == bob.handle)
                #expect(credentials.passwordHash == "$argon2id$bob")
                #expect(credentials.accountKey == bob.accountKey)
            }
            let account = try #require(try await fixture.store.account(bob.id))
            #expect(account.email == "Bob@example.org")
            #expect(account.list == nil)
            #expect(
                try await fixture.store.account(named: bob.handle)
                    == DirectoryEntry(id: bob.id, handle: bob.handle, accountKey: bob.accountKey, list: nil))
            #expect(try await fixture.store.account(AccountID(999)) == nil)
            #expect(try await fixture.store.account(named: #require(Handle("nobody"))) == nil)
            #expect(try await fixture.store.credentials(for: .email("a@b")) == nil)
            #expect(try await fixture.store.credentials(for: .handle(#require(Handle("nobody")))) == nil)
        },
        Case("a handle and an e-mail address belong to one account") { fixture in
            let bob = try await fixture.account("bob", email: "bob@example.org")
            func create(_ name: String, email: String?) async throws -> AccountCreation {
                try await fixture.store.createAccount(
                    NewAccount(
                        handle: try #require(Handle(name)), passwordHash: "", email: email, accountKey: nil,
                        session: NewSession(id: Sample.recordID())))
            }
            guard case .handleTaken = try await create("bob", email: nil),
                case .emailTaken = try await create("bob2", email: "BOB@example.org"),
                case .created(let other, _) = try await create("bob2", email: "bob2@example.org")
            else { throw FixtureFailure("taken is not told") }
            let change = AccountChange(email: .some("bob@example.org"))
            guard case .emailTaken = try await fixture.store.changeAccount(other.id, change) else {
                throw FixtureFailure("taken is not told")
            }
            // One's own again is fine; and what one gave up is free.
            guard case .changed = try await fixture.store.changeAccount(bob.id, change),
                case .changed(let without) = try await fixture.store.changeAccount(
                    bob.id, AccountChange(email: .some(nil))),
                case .changed(let with) = try await fixture.store.changeAccount(other.id, change)
            else { throw FixtureFailure("not changed") }
            #expect(without.email == nil)
            #expect(with.email == "bob@example.org")
            guard case .unknownAccount = try await fixture.store.changeAccount(AccountID(999), change) else {
                throw FixtureFailure("an unknown account was changed")
            }
        },
        Case("a new password ends every session but the one that is kept") { fixture in
            let bob = try await fixture.account("bob")
            let other = try await fixture.session(of: bob)
            guard
                case .changed = try await fixture.store.changeAccount(
                    bob.id, AccountChange(passwordHash: "new", keeping: bob.session))
            else { throw FixtureFailure("not changed") }
            #expect(try await fixture.store.sessions(of: bob.id).map(\.id) == [bob.session])
            #expect(try await fixture.store.revocations(after: 0, limit: 10).map(\.subject) == [.session(other)])
            #expect(try await fixture.store.credentials(for: .handle(bob.handle))?.passwordHash == "new")
        },
        Case("a deleted account leaves nothing but its handle, which stays taken") { fixture in
            let alice = try await fixture.person("alice")
            let bob = try await fixture.person("bob", devices: 2)
            try await fixture.send(fixture.letter(from: alice, to: bob, devices: [1, 2]))
            _ = try await fixture.claim(Sample.claim(of: bob, by: alice))
            #expect(try await fixture.store.deleteAccount(bob.id))
            #expect(try await !fixture.store.deleteAccount(bob.id))
            #expect(try await fixture.store.account(bob.id) == nil)
            #expect(try await fixture.store.session(bob.session) == nil)
            #expect(try await fixture.fetch(bob.mailbox(1)) == .unknownDevice)
            #expect(try await fixture.deposit(fixture.letter(from: alice, to: bob)) == .unknownRecipient)
            #expect(try await fixture.store.revocations(after: 0, limit: 10).map(\.subject) == [.account(bob.id)])
            let again = try await fixture.store.createAccount(
                NewAccount(
                    handle: bob.handle, passwordHash: "", email: nil, accountKey: nil,
                    session: NewSession(id: Sample.recordID())))
            guard case .handleTaken = again else { throw FixtureFailure("the handle was given again") }
            #expect(try await fixture.store.deleteAccount(alice.id))
            fixture.clock.advance(by: Limits.accessLife)
            _ = try await fixture.store.sweep(limit: 100)
            for (table, rows) in try await fixture.backend.rowCounts(fixture.store) {
                #expect(rows == 0, "rows are left in \(table)")
            }
        },
        Case("what others may know of an account does not depend on what is sealed") { fixture in
            let bob = try await fixture.account("bob", email: "bob@example.org")
            let store = try await fixture.reopened(with: Keyring(generatedAt: fixture.clock.now))
            #expect(try await store.account(named: bob.handle)?.id == bob.id)
            await #expect(throws: StoreError.self) { _ = try await store.account(bob.id) }
        },
        Case("an e-mail address is found and opened after the keyring was rotated") { fixture in
            let bob = try await fixture.account("bob", email: "bob@example.org")
            let rotated = try fixture.place.keyring.rotated(at: fixture.clock.now)
            let store = try await fixture.reopened(with: rotated)
            #expect(try await store.credentials(for: .email("bob@example.org"))?.account == bob.id)
            #expect(try await store.account(bob.id)?.email == "bob@example.org")
            // The sweep brings it under the new key: the old one may go.
            _ = try await store.sweep(limit: 10)
            await store.close()
            let alone = try Keyring(keys: [rotated.current], current: rotated.current.id)
            let later = try await fixture.backend.open(fixture.place.with(alone))
            #expect(try await later.credentials(for: .email("bob@example.org"))?.account == bob.id)
            #expect(try await later.account(bob.id)?.email == "bob@example.org")
        },
    ]

    static let sessions: [Case] = [
        Case("a session is as it was made and lives for 90 days") { fixture in
            let bob = try await fixture.account("bob")
            let session = try #require(try await fixture.store.session(bob.session))
            let now = fixture.clock.now
            #expect(
                session
                    == Session(
                        id: bob.session, account: bob.id, handle: bob.handle, device: nil, created: now, lastUsed: now,
                        ends: now + Limits.sessionLife, current: 1, authenticated: now))
            #expect(try await fixture.store.sessions(of: bob.id) == [session])
            fixture.clock.advance(by: Limits.sessionLife)
            #expect(try await fixture.store.session(bob.session) == nil)
            #expect(try await fixture.store.sessions(of: bob.id).isEmpty)
            #expect(try await fixture.store.refreshSession(bob.session, number: 1) == .unknown)
        },
        Case("a session is made for an account and a device that are there") { fixture in
            let bob = try await fixture.person("bob")
            func create(_ person: Person, _ device: UInt32?) async throws -> SessionCreation {
                try await fixture.signIn(
                    person, NewSession(id: Sample.recordID(), device: try device.map(Sample.device)))
            }
            let carol = try await fixture.account("carol")
            #expect(try await fixture.store.deleteAccount(carol.id))
            guard case .created(let session) = try await create(bob, 1),
                case .unknownDevice = try await create(bob, 2),
                case .unknownAccount = try await create(carol, nil)
            else { throw FixtureFailure("wrong outcome") }
            #expect(session.device?.value == 1)
        },
        Case("a sign-in that was checked against what was changed meanwhile makes no session") { fixture in
            var bob = try await fixture.person("bob")
            let old = try #require(try await fixture.store.credentials(for: .handle(bob.handle)))
            func signIn(_ verified: VerifiedCredential) async throws -> SessionCreation {
                try await fixture.store.createSession(
                    NewSession(id: Sample.recordID()), of: bob.id, verified: verified)
            }
            let oldHash = try #require(old.passwordHash)
            let oldKey = try #require(old.accountKey)
            guard case .created = try await signIn(.passwordHash(oldHash)),
                case .created = try await signIn(.accountKey(oldKey)),
                case .changed = try await fixture.store.changeAccount(bob.id, AccountChange(passwordHash: "new")),
                case .credentialChanged = try await signIn(.passwordHash(oldHash)),
                case .created = try await signIn(.passwordHash("new")),
                case .created = try await signIn(.accountKey(oldKey))
            else { throw FixtureFailure("wrong outcome of a new password") }
            bob.accountKey = Random.bytes(32)
            let change = try Sample.listChange(naming: [1], of: bob)
            #expect(try await fixture.store.setAccountKey(change, of: bob.id) == .stored)
            guard case .credentialChanged = try await signIn(.accountKey(oldKey)),
                case .created = try await signIn(.accountKey(bob.accountKey))
            else { throw FixtureFailure("wrong outcome of a new key") }
        },
        Case("a refresh gives the next number, its repeat the same, and an older one ends the family") { fixture in
            let bob = try await fixture.account("bob")
            let id = bob.session
            fixture.clock.advance(by: .minutes(15))
            guard case .refreshed(let second) = try await fixture.store.refreshSession(id, number: 1) else {
                throw FixtureFailure("not refreshed")
            }
            #expect(second.current == 2)
            #expect(second.lastUsed == fixture.clock.now)
            #expect(try await fixture.store.refreshSession(id, number: 1) == .refreshed(second))
            guard case .refreshed(let third) = try await fixture.store.refreshSession(id, number: 2) else {
                throw FixtureFailure("not refreshed")
            }
            #expect(third.current == 3)
            #expect(try await fixture.store.refreshSession(id, number: 4) == .unknown)
            #expect(try await fixture.store.refreshSession(id, number: 0) == .unknown)
            #expect(try await fixture.store.refreshSession(id, number: 1) == .reused)
            #expect(try await fixture.store.refreshSession(id, number: 3) == .unknown)
            #expect(try await fixture.store.session(id) == nil)
            let revocations = try await fixture.store.revocations(after: 0, limit: 10)
            #expect(
                revocations == [
                    Revocation(number: 1, subject: .session(id), until: fixture.clock.now + Limits.accessLife)
                ])
        },
        Case("a session ends once, by its own account") { fixture in
            let alice = try await fixture.account("alice")
            let bob = try await fixture.account("bob")
            #expect(try await !fixture.store.endSession(bob.session, of: alice.id))
            #expect(try await fixture.store.endSession(bob.session, of: bob.id))
            #expect(try await !fixture.store.endSession(bob.session, of: bob.id))
            #expect(try await fixture.store.session(bob.session) == nil)
        },
        Case("beyond a hundred sessions the one that was used least recently ends") { fixture in
            let bob = try await fixture.account("bob")
            var ids = [bob.session]
            for _ in 1..<Limits.sessionsPerAccount {
                fixture.clock.advance(by: .seconds(1))
                ids.append(try await fixture.session(of: bob))
            }
            fixture.clock.advance(by: .seconds(1))
            _ = try await fixture.store.refreshSession(bob.session, number: 1)
            let last = try await fixture.session(of: bob)
            let held = Set(try await fixture.store.sessions(of: bob.id).map(\.id))
            #expect(held.count == Limits.sessionsPerAccount)
            #expect(held.contains(bob.session) && held.contains(last) && !held.contains(ids[1]))
        },
        Case("a challenge is good once, and not after its time") { fixture in
            let hash = Random.bytes(32)
            let expires = fixture.clock.now + Limits.challengeLife
            var isGood = try await fixture.store.spendChallenge(hash, expires: expires)
            #expect(isGood)
            isGood = try await fixture.store.spendChallenge(hash, expires: expires)
            #expect(!isGood)
            isGood = try await fixture.store.spendChallenge(Random.bytes(32), expires: fixture.clock.now)
            #expect(!isGood)
        },
    ]

    static let tokens: [Case] = [
        Case("a token is made, listed until it expires, and revoked once") { fixture in
            let alice = try await fixture.account("alice")
            let bob = try await fixture.person("bob")
            let new = Sample.token(of: bob, device: try Sample.device(1))
            guard case .created(let token) = try await fixture.store.createToken(new) else {
                throw FixtureFailure("not created")
            }
            #expect(
                token
                    == APIToken(
                        id: new.id, account: bob.id, handle: bob.handle, name: "script", scopes: [.deposit, .mailbox],
                        device: try Sample.device(1), created: fixture.clock.now, expires: new.expires))
            #expect(try await fixture.store.tokens(of: bob.id) == [token])
            #expect(try await fixture.store.tokens(of: alice.id).isEmpty)
            #expect(try await !fixture.store.revokeToken(new.id, of: alice.id))
            #expect(try await fixture.store.revokeToken(new.id, of: bob.id))
            #expect(try await !fixture.store.revokeToken(new.id, of: bob.id))
            #expect(
                try await fixture.store.revocations(after: 0, limit: 10)
                    == [Revocation(number: 1, subject: .token(new.id), until: new.expires)])
            let short = Sample.token(of: bob, expires: fixture.clock.now + .minutes(1))
            _ = try await fixture.store.createToken(short)
            fixture.clock.advance(by: .minutes(1))
            #expect(try await fixture.store.tokens(of: bob.id).isEmpty)
        },
        Case("an idempotency key makes one token in a day, and other content is a conflict") { fixture in
            let bob = try await fixture.account("bob")
            var new = Sample.token(of: bob, idempotencyKey: "once")
            guard case .created(let first) = try await fixture.store.createToken(new) else {
                throw FixtureFailure("not created")
            }
            new.id = Sample.recordID()
            guard case .created(first) = try await fixture.store.createToken(new) else {
                throw FixtureFailure("not the same token")
            }
            var other = new
            other.name = "another"
            guard case .idConflict = try await fixture.store.createToken(other) else {
                throw FixtureFailure("no conflict")
            }
            // A late repeat does not undo a revocation.
            #expect(try await fixture.store.revokeToken(first.id, of: bob.id))
            guard case .idConflict = try await fixture.store.createToken(new) else {
                throw FixtureFailure("a revoked token was made again")
            }
            fixture.clock.advance(by: Limits.idempotencyMemory)
            guard case .created = try await fixture.store.createToken(other) else {
                throw FixtureFailure("not created")
            }
        },
        Case("an account holds a hundred tokens, and its session must be there and be its device") { fixture in
            let bob = try await fixture.account("bob")
            for _ in 0..<Limits.tokensPerAccount {
                guard case .created = try await fixture.store.createToken(Sample.token(of: bob)) else {
                    throw FixtureFailure("not created")
                }
            }
            guard case .tooMany = try await fixture.store.createToken(Sample.token(of: bob)) else {
                throw FixtureFailure("too many")
            }
            let carol = try await fixture.account("carol")
            let unbound = Sample.token(of: carol, device: try Sample.device(1))
            guard case .unknownSession = try await fixture.store.createToken(unbound) else {
                throw FixtureFailure("a token for a device that its session is not")
            }
            var foreign = Sample.token(of: carol)
            foreign.session = bob.session
            guard case .unknownSession = try await fixture.store.createToken(foreign) else {
                throw FixtureFailure("a token by another account's session")
            }
            #expect(try await fixture.store.endSession(carol.session, of: carol.id))
            guard case .unknownSession = try await fixture.store.createToken(Sample.token(of: carol)) else {
                throw FixtureFailure("a token by a session that has ended")
            }
            #expect(try await fixture.store.deleteAccount(carol.id))
            guard case .unknownSession = try await fixture.store.createToken(Sample.token(of: carol)) else {
                throw FixtureFailure("a token for an account that is not there")
            }
        },
        Case("revocations are numbered without holes and read from where one was") { fixture in
            let bob = try await fixture.account("bob")
            for _ in 0..<5 {
                let id = try await fixture.session(of: bob)
                #expect(try await fixture.store.endSession(id, of: bob.id))
            }
            #expect(try await fixture.store.revocations(after: 0, limit: 3).map(\.number) == [1, 2, 3])
            #expect(try await fixture.store.revocations(after: 3, limit: 10).map(\.number) == [4, 5])
            fixture.clock.advance(by: Limits.accessLife)
            _ = try await fixture.store.sweep(limit: 10)
            #expect(try await fixture.store.endSession(bob.session, of: bob.id))
            #expect(try await fixture.store.revocations(after: 0, limit: 10).map(\.number) == [6])
        },
    ]
}

extension Sample {
    fileprivate static func token(
        of person: Person, device: DeviceNumber? = nil, expires: Timestamp? = nil, idempotencyKey: String? = nil
    ) -> NewToken {
        NewToken(
            id: recordID(), account: person.id, session: person.session, name: "script",
            scopes: [.deposit, .mailbox], device: device, expires: expires ?? ManualClock().now + .days(30),
            idempotencyKey: idempotencyKey)
    }
}
