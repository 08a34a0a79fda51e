import Dispatch
import PostgresKit
import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStorePostgres

/// Somebody else holds a mailbox's lock, on a connection of their own.
@discardableResult
private func holding<Value: Sendable>(
    _ mailbox: MailboxKey, in place: StorePlace, while work: () async throws -> Value
) async throws -> Value {
    let holder = try PostgresConnection(PostgresSettings(url: try await place.database()))
    let (held, locked) = AsyncStream<Void>.makeStream()
    let end = DispatchSemaphore(value: 0)
    async let holding: Void = holder.perform { session in
        try session.transaction { transaction in
            try transaction.run(
                """
                SELECT 1 FROM device WHERE account = \(mailbox.account.value) AND number = \(mailbox.device.column)
                FOR UPDATE
                """)
            locked.finish()
            // On the connection's own thread.
            end.wait()
        }
    }
    for await _ in held {}
    let result: Result<Value, any Error>
    do {
        result = .success(try await work())
    } catch {
        result = .failure(error)
    }
    end.signal()
    try await holding
    await holder.close()
    return try result.get()
}

@Suite struct LockTests {
    private let place: StorePlace
    private let store: PostgresStore
    private let fixture: StoreFixture

    init() async throws {
        place = try StorePlace()
        store = try await place.store { $0.lockTimeout = .milliseconds(200) }
        try await store.migrate()
        fixture = StoreFixture(.postgres, at: place, store: store)
    }

    @Test func `a mailbox that is held elsewhere is busy, and the rest of the batch goes on`() async throws {
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob", devices: 2)
        let carol = try await fixture.person("carol")
        let letters = [
            try fixture.letter(from: alice, to: bob, devices: [1, 2]), try fixture.letter(from: alice, to: carol),
            try fixture.letter(from: alice, to: bob, devices: [2], coverage: .ignore),
        ]
        let begin = ContinuousClock.now
        let outcomes = try await holding(bob.mailbox(1), in: place) { try await store.deposit(letters) }
        // One lock time-out for all of them.
        #expect(ContinuousClock.now - begin >= .milliseconds(200))
        #expect(outcomes[0] == .busy)
        for outcome in outcomes[1...] {
            guard case .accepted(let receipt) = outcome else { throw FixtureFailure("\(outcome)") }
            #expect(receipt.new)
        }
        // Nothing of it was stored, so it is new now.
        #expect(try await fixture.send(letters[0]).new)
        await store.close()
    }

    @Test func `acknowledgements and claims of what is held elsewhere are busy`() async throws {
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let mailboxes = [try bob.mailbox(1), try alice.mailbox(1)]
        try await fixture.send(fixture.letter(from: alice, to: bob))
        try await fixture.send(fixture.letter(from: bob, to: alice))
        let acks = mailboxes.map { Ack(mailbox: $0, extent: .through(Sequence(1))) }
        let claims = [try Sample.claim(of: bob, by: alice), try Sample.claim(of: alice, by: bob)]
        let (acked, claimed) = try await holding(mailboxes[0], in: place) {
            (try await store.acknowledge(acks), try await store.claim(claims))
        }
        #expect(acked == [.busy, .acked(through: Sequence(1), count: 0, bytes: 0)])
        guard case .busy = claimed[0], case .claimed = claimed[1] else { throw FixtureFailure("\(claimed)") }
        #expect(try await fixture.page(mailboxes[0]).outline == "1")
        await store.close()
    }

    @Test func `a sweep passes over what is held and takes it later`() async throws {
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let carol = try await fixture.person("carol")
        for person in [bob, carol] {
            try await fixture.send(fixture.letter(from: alice, to: person, ttl: .seconds(10)))
        }
        fixture.clock.advance(by: .seconds(10))
        let held = try await holding(bob.mailbox(1), in: place) { try await store.sweep(limit: 100) }
        #expect(held.expired == [try carol.mailbox(1)])
        #expect(try await store.sweep(limit: 100).expired == [try bob.mailbox(1)])
        await store.close()
    }

    @Test func `what waits for one mailbox is unavailable after the lock time-out and changes nothing`() async throws {
        let alice = try await fixture.person("alice")
        let bob = try await fixture.person("bob")
        let letter = try fixture.letter(from: alice, to: bob)
        try await fixture.send(letter)
        let withdrawal = Withdrawal(
            recipient: bob.handle, device: try Sample.device(1), depositor: .account(alice.id), id: letter.id)
        try await holding(bob.mailbox(1), in: place) {
            await #expect {
                try await store.withdraw(withdrawal)
            } throws: {
                guard case .unavailable? = $0 as? StoreError else { return false }
                return true
            }
        }
        #expect(try await fixture.page(bob.mailbox(1)).outline == "1")
        await store.close()
    }
}
