import Logging
import SealpostCore
import SealpostStore
import SealpostStoreSQLite
import SealpostTesting
import Testing

@testable import SealpostDelivery

/// A running mail service on a SQLite store in a folder of its own.
struct MailFixture: Sendable {
    /// Makes people and mail, and looks into the store past the service.
    let people: StoreFixture
    /// The same store as the service sees it.
    let store: WatchedStore
    let mail: MailService

    /// Runs a service for the time of `body`; afterwards it has nothing under way.
    static func run(
        lanes: Lanes = Lanes(), upkeep: Upkeep = Upkeep(), _ body: (MailFixture) async throws -> Void
    ) async throws {
        let people = try await StoreFixture(.sqlite)
        let service = MailFixture(people, lanes: lanes, upkeep: upkeep)
        try await withThrowingTaskGroup { group in
            group.addTask { try await service.mail.run() }
            try await body(service)
            group.cancelAll()
        }
        #expect(service.mail.openPolls == 0)
        await people.store.close()
    }

    init(
        _ people: StoreFixture, wakes: (any WakeChannel)? = nil,
        onAccountChanged: @escaping @Sendable (AccountID) -> Void = { _ in }, lanes: Lanes = Lanes(),
        upkeep: Upkeep
    ) {
        self.people = people
        store = WatchedStore(people.store)
        mail = MailService(
            store: store, wakes: wakes, onAccountChanged: onAccountChanged, lanes: lanes, upkeep: upkeep,
            logger: Self.logger)
    }

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func bearer(_ person: Person, device: UInt32 = 1) throws -> Bearer {
        Bearer(account: person.id, device: try Sample.device(device), credential: .session(person.session))
    }

    /// Long enough for any machine; what a test expects ends the poll before.
    static let wait = Duration.seconds(50)

    func poll(
        _ person: Person, device: UInt32 = 1, after: Int64? = nil, limit: Int = 50, wait: Duration = wait,
        bearer: Bearer? = nil
    ) async throws -> PollOutcome {
        try await mail.poll(
            Fetch(mailbox: person.mailbox(device), after: after.map { Sequence($0) }, limit: limit), wait: wait,
            bearer: bearer ?? self.bearer(person, device: device))
    }

    /// Until so many polls are parked.
    func parked(_ count: Int) async throws {
        while mail.parkedPolls != count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Until the store was asked for so many fetches.
    func fetched(_ count: Int) async throws {
        while store.fetches < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Until so many deposits wait for their transaction.
    func queued(_ count: Int) async throws {
        while mail.queuedDeposits < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Until the store was asked for heads so many times.
    func rechecked(_ count: Int) async throws {
        while store.headCalls.count < count {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @discardableResult
    func send(_ deposit: Deposit) async throws -> DepositReceipt {
        let outcome = try await mail.deposit(deposit)
        guard case .accepted(let receipt) = outcome else { throw FixtureFailure("not accepted: \(outcome)") }
        return receipt
    }
}

extension PollOutcome {
    var page: MailboxPage {
        get throws {
            guard case .page(let page) = fetch else { throw FixtureFailure("not a page: \(fetch)") }
            return page
        }
    }
}

extension StoreBackend {
    static let sqlite = StoreBackend(
        open: { place in
            let clock = place.clock
            let store = try SQLiteStore(
                path: place.folder.path(of: "sealpost.sqlite"), keyring: place.keyring, now: { clock.now })
            try await store.migrate()
            return store
        },
        rowCounts: { _ in [:] })
}
