import GRDB
import SealpostCore
import SealpostStore
import Synchronization

/// The store in one SQLite file: WAL, one writer, every commit synced before it is answered.
///
/// Loses data if the disk lies about syncing, and only then; the keyring is not in it.
package final class SQLiteStore: MailStore {
    /// The release of the schema's rules that this code follows; a schema says which release is the least it admits.
    package static let release = 1

    /// The write-ahead log may have so many bytes; beyond that a sweep cuts it.
    static let logLimit = 64 * 1024 * 1024

    /// A fetch sweeps so many envelopes in one transaction.
    static let sweepStep = 200

    let pool: DatabasePool
    private let keyring: Keyring
    private let now: @Sendable () -> Timestamp
    private let isClosed = Mutex(false)
    /// Mailboxes in which a fetch or a deposit swept: the next `sweep` reports them, so that their polls are woken.
    let sweptElsewhere = Mutex<Set<MailboxKey>>([])
    /// Called between the reads of a fetch, on the reader's thread; for tests that commit something in between.
    let betweenReads: (@Sendable () -> Void)?

    /// Opens or creates the file (mode 0600). Blocks for as long as that takes; `migrate` brings the schema.
    ///
    /// - Parameters:
    ///   - keyring: seals and finds what must not lie open in the file
    ///   - now: the store's clock
    package init(
        path: String, keyring: Keyring, now: @escaping @Sendable () -> Timestamp = { .now },
        betweenReads: (@Sendable () -> Void)? = nil
    ) throws(StoreError) {
        self.keyring = keyring
        self.now = now
        self.betweenReads = betweenReads
        do {
            pool = try Self.openPool(at: path)
        } catch {
            throw StoreError(error)
        }
    }

    package func check() async throws(StoreError) {
        try await read { transaction in try transaction.checkSchema() }
    }

    /// Moves a long log into the database file. Otherwise that happens at commits, but only while nobody reads what is
    /// in the log, and a busy store has always somebody who does; here the writer waits for readers of the moment.
    func cutLog() async {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] db in
                if fileSize(pool.path + "-wal") > Self.logLimit {
                    // A reader that takes too long: the next sweep tries again.
                    _ = try? db.checkpoint(.truncate)
                }
                continuation.resume()
            }
        }
    }

    package func migrate() async throws(StoreError) {
        try await write { transaction in try transaction.migrate() }
    }

    /// Waits for what is under way, which each connection finishes in turn.
    package func close() async {
        await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] _ in
                isClosed.withLock { $0 = true }
                continuation.resume()
            }
        }
        await withCheckedContinuation { continuation in
            pool.asyncBarrierWriteWithoutTransaction { db in
                // With the log moved into the file, a copy of that one file is the whole store.
                _ = try? db.get().checkpoint(.truncate)
                continuation.resume()
            }
        }
        // Left open if it fails: the file is whole in any case, and every later call is refused.
        try? pool.close()
    }
}

// MARK: - Transactions

extension SQLiteStore {
    /// Runs `work` as one write transaction on the writer's queue. Once begun it is not interrupted.
    func write<T: Sendable>(
        _ work: @escaping @Sendable (Transaction) throws -> T
    ) async throws(StoreError) -> T {
        if Task.isCancelled { throw .cancelled }
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { [self] db in
                continuation.resume(
                    returning: outcome {
                        // Locks before it looks: no other process can change anything from here on.
                        try db.beginTransaction(.immediate)
                        do {
                            let value = try work(Transaction(db: db, now: now(), keyring: keyring))
                            try db.commit()
                            return value
                        } catch {
                            // A failed commit may have ended the transaction already.
                            if db.isInsideTransaction { try? db.rollback() }
                            throw error
                        }
                    })
            }
        }
        return try result.get()
    }

    /// Runs `work` in one read snapshot on a reader's queue.
    func read<T: Sendable>(
        _ work: @escaping @Sendable (Transaction) throws -> T
    ) async throws(StoreError) -> T {
        if Task.isCancelled { throw .cancelled }
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            pool.asyncRead { [self] db in
                continuation.resume(
                    returning: outcome {
                        try work(Transaction(db: try db.get(), now: now(), keyring: keyring))
                    })
            }
        }
        return try result.get()
    }

    private func outcome<T>(_ work: () throws -> T) -> Result<T, StoreError> {
        guard !isClosed.withLock({ $0 }) else { return .failure(.unavailable("it is closed")) }
        do {
            return .success(try work())
        } catch {
            return .failure(StoreError(error))
        }
    }
}
