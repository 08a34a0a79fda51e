import SealpostCore
import SealpostStore
import SodiumKit
import Testing

/// A fresh store with helpers that make people and mail. The store checks no signatures, so random bytes of the right
/// length do for keys.
package final class StoreFixture: Sendable {
    package let backend: StoreBackend
    package let place: StorePlace
    package let store: any MailStore

    package init(_ backend: StoreBackend) async throws {
        self.backend = backend
        place = try StorePlace()
        store = try await backend.open(place)
    }

    /// With a store that was opened in its own way.
    package init(_ backend: StoreBackend, at place: StorePlace, store: any MailStore) {
        self.backend = backend
        self.place = place
        self.store = store
    }

    package var clock: ManualClock { place.clock }

    /// Closes the store and opens what is on disk.
    package func reopened(with keyring: Keyring? = nil) async throws -> any MailStore {
        await store.close()
        return try await backend.open(keyring.map(place.with) ?? place)
    }
}

// MARK: - People

/// An account of a test, with its sessions and devices as they were made.
package struct Person: Sendable {
    package let id: AccountID
    package let handle: Handle
    package var session: RecordID
    package var accountKey: [UInt8]
    package var devices: [NewDevice] = []
    package var list: StoredDeviceList?

    package func mailbox(_ number: UInt32) throws -> MailboxKey {
        MailboxKey(account: id, device: try Sample.device(number))
    }
}

extension StoreFixture {
    package func account(_ name: String, email: String? = nil) async throws -> Person {
        let handle = try #require(Handle(name))
        let session = Sample.recordID()
        let key = Random.bytes(32)
        let new = NewAccount(
            handle: handle, passwordHash: "$argon2id$\(name)", email: email, accountKey: key,
            session: NewSession(id: session))
        guard case .created(let account, _) = try await store.createAccount(new) else {
            throw FixtureFailure("the account \(name) was not created")
        }
        return Person(id: account.id, handle: handle, session: session, accountKey: key)
    }

    /// An account whose list names devices 1 to `devices`.
    package func person(_ name: String, devices: Int = 1) async throws -> Person {
        var person = try await account(name)
        for _ in 0..<devices { try await addDevice(to: &person) }
        if devices > 0 { try await list(1...UInt32(devices), of: &person) }
        return person
    }

    @discardableResult
    package func addDevice(to person: inout Person) async throws -> DeviceNumber {
        var session = person.session
        if !person.devices.isEmpty {
            session = try await self.session(of: person)
        }
        let device = Sample.newDevice(account: person.id, session: session)
        guard case .registered(let number, _) = try await store.registerDevice(device) else {
            throw FixtureFailure("the device was not registered")
        }
        person.devices.append(device)
        return number
    }

    /// Signs in by the account key.
    package func signIn(_ person: Person, _ session: NewSession) async throws -> SessionCreation {
        try await store.createSession(session, of: person.id, verified: .accountKey(person.accountKey))
    }

    /// A new session without a device.
    package func session(of person: Person) async throws -> RecordID {
        let id = Sample.recordID()
        guard case .created = try await signIn(person, NewSession(id: id)) else { throw FixtureFailure("no session") }
        return id
    }

    /// Uploads the next list, naming these devices (by the order in which they were added).
    package func list(_ numbers: some Swift.Sequence<UInt32>, of person: inout Person) async throws {
        let change = try Sample.listChange(naming: Array(numbers), of: person)
        let outcome = try await store.changeDeviceList(change, of: person.id)
        guard outcome == .stored else { throw FixtureFailure("the list was not stored: \(outcome)") }
        person.list = change.list
    }
}

package struct FixtureFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

// MARK: - Mail

extension StoreFixture {
    /// A deposit by `sender` for the devices of `recipient`.
    package func letter(
        from sender: Person, to recipient: Person, devices: [UInt32] = [1], id: EnvelopeID = Sample.id(),
        content: String = "hello", ttl: Duration = .days(30), coverage: DepositCoverage = .strict
    ) throws -> Deposit {
        Deposit(
            recipient: recipient.handle, depositor: .account(sender.id), sender: "\(sender.handle).1",
            ownDevice: try sender.mailbox(1), id: id,
            envelopes: try devices.map {
                .init(device: try Sample.device($0), content: Array("\(content) \($0)".utf8))
            },
            ttl: ttl, coverage: coverage)
    }

    package func deposit(_ deposit: Deposit) async throws -> DepositOutcome {
        let outcomes = try await store.deposit([deposit])
        return try #require(outcomes.count == 1 ? outcomes[0] : nil)
    }

    /// Deposits and expects it to be taken.
    @discardableResult
    package func send(_ deposit: Deposit) async throws -> DepositReceipt {
        let outcome = try await self.deposit(deposit)
        guard case .accepted(let receipt) = outcome else { throw FixtureFailure("not accepted: \(outcome)") }
        return receipt
    }

    package func fetch(_ mailbox: MailboxKey, after: Int64? = nil, limit: Int = 100) async throws -> FetchOutcome {
        let outcomes = try await store.fetch([Fetch(mailbox: mailbox, after: after.map { Sequence($0) }, limit: limit)])
        return try #require(outcomes.count == 1 ? outcomes[0] : nil)
    }

    package func page(_ mailbox: MailboxKey, after: Int64? = nil, limit: Int = 100) async throws -> MailboxPage {
        let outcome = try await fetch(mailbox, after: after, limit: limit)
        guard case .page(let page) = outcome else { throw FixtureFailure("not a page: \(outcome)") }
        return page
    }

    @discardableResult
    package func acknowledge(_ mailbox: MailboxKey, _ extent: Ack.Extent) async throws -> AckOutcome {
        let outcomes = try await store.acknowledge([Ack(mailbox: mailbox, extent: extent)])
        return try #require(outcomes.count == 1 ? outcomes[0] : nil)
    }

    package func claim(_ claim: Claim) async throws -> ClaimOutcome {
        let outcomes = try await store.claim([claim])
        return try #require(outcomes.count == 1 ? outcomes[0] : nil)
    }
}

extension MailboxPage {
    /// `1 2 expired 3-5×3`: what is on the page, in one line.
    package var outline: String {
        items.map { item in
            switch item {
            case .envelope(let envelope): "\(envelope.seq)"
            case .tombstone(let tombstone):
                "\(tombstone.reason) \(tombstone.from)-\(tombstone.through)×\(tombstone.count)"
            }
        }.joined(separator: ", ")
    }
}

extension DepositReceipt {
    /// The seq given in a mailbox, if it was stored there.
    package func seq(_ device: UInt32) -> Int64? {
        for item in items where item.device.value == device {
            if case .stored(let seq, _) = item.outcome { return seq.value }
        }
        return nil
    }
}
