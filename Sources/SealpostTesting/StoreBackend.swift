import SealpostCore
import SealpostStore
import Synchronization

/// How a store's tests make it: what the conformance suite needs to know of a backend.
package struct StoreBackend: Sendable {
    /// Opens the store of this place, migrated; the same place again is the same data.
    package let open: @Sendable (StorePlace) async throws -> any MailStore
    /// How many rows each of the tables has that are to be empty when everything is over.
    package let rowCounts: @Sendable (any MailStore) async throws -> [String: Int]

    package init(
        open: @escaping @Sendable (StorePlace) async throws -> any MailStore,
        rowCounts: @escaping @Sendable (any MailStore) async throws -> [String: Int]
    ) {
        self.open = open
        self.rowCounts = rowCounts
    }
}

/// Where a store under test lies and what it is given.
package struct StorePlace: Sendable {
    package let folder: TemporaryFolder
    package let clock: ManualClock
    package let keyring: Keyring
    package let betweenReads: ReadHook

    package init() throws {
        folder = try TemporaryFolder()
        clock = ManualClock()
        keyring = try Keyring(generatedAt: clock.now)
        betweenReads = ReadHook()
    }

    private init(folder: TemporaryFolder, clock: ManualClock, keyring: Keyring, betweenReads: ReadHook) {
        self.folder = folder
        self.clock = clock
        self.keyring = keyring
        self.betweenReads = betweenReads
    }

    /// The same place under another keyring.
    package func with(_ keyring: Keyring) -> StorePlace {
        StorePlace(folder: folder, clock: clock, keyring: keyring, betweenReads: betweenReads)
    }
}

/// What is to happen between the reads of the next fetch.
package final class ReadHook: Sendable {
    private let actions = Mutex<[@Sendable () -> Void]>([])

    package init() {}

    /// At the n-th opportunity the n-th of these is called.
    package func arm(_ actions: [@Sendable () -> Void]) {
        self.actions.withLock { $0 = actions }
    }

    package var isSpent: Bool { actions.withLock { $0.isEmpty } }

    package func call() {
        let action = actions.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        action?()
    }
}
