import PostgresKit
import SealpostCore
import SealpostStore
import Synchronization

/// The store in a PostgreSQL database that any number of equal nodes share.
///
/// Every commit is on the primary's disk before it is answered (and on a synchronous standby's, if the database has
/// one). Loses data if a failover goes to a standby that had not got it, and if disks lie about syncing. The keyring is
/// not in it.
package final class PostgresStore: MailStore {
    /// The release of the schema's rules that this code follows; a schema says which release is the least it admits.
    package static let release = 1

    /// A fetch sweeps so many envelopes in one transaction.
    static let sweepStep = 200
    /// How often a transaction is run again after a deadlock or a lost connection.
    private static let attempts = 3
    /// How long to ask what became of a commit whose answer was lost.
    private static let doubtLimit = Duration.seconds(8)

    package struct Configuration: Sendable {
        /// A URL of libpq: several hosts, TLS modes and all.
        package var url: String
        /// Where to listen for other nodes' wakes, if `url` leads to a pooler: the primary itself.
        package var listenURL: String?
        /// Connections at most.
        package var connections = 16
        package var statementTimeout = Duration.seconds(15)
        package var lockTimeout = Duration.seconds(2)

        package init(url: String) {
            self.url = url
        }
    }

    private let settings: PostgresSettings
    let pool: PostgresPool
    let keyring: Keyring
    let wakes: PostgresWakeChannel
    private let clock = DatabaseClock()
    private let manualTime: (@Sendable () -> Timestamp)?
    private let betweenReads: (@Sendable () -> Void)?
    /// Mailboxes in which a fetch or a deposit swept: the next `sweep` reports them, so that their polls are woken.
    let sweptElsewhere = Mutex<Set<MailboxKey>>([])

    /// Connects to nothing yet; `migrate` brings the schema.
    ///
    /// - Parameters:
    ///   - keyring: seals and finds what must not lie open in the database
    ///   - now: the store's clock instead of the database's
    ///   - betweenReads: called between the reads of a fetch; for tests that commit something in between
    package init(
        _ configuration: Configuration, keyring: Keyring, now: (@Sendable () -> Timestamp)? = nil,
        betweenReads: (@Sendable () -> Void)? = nil
    ) {
        self.keyring = keyring
        manualTime = now
        self.betweenReads = betweenReads
        settings = PostgresSettings(
            url: configuration.url, applicationName: "sealpost",
            statementTimeout: configuration.statementTimeout, lockTimeout: configuration.lockTimeout,
            preparation: [Self.preparation])
        pool = PostgresPool(settings, limit: configuration.connections)
        wakes = PostgresWakeChannel(sending: settings, listening: configuration.listenURL)
    }

    /// Carries wakes between the nodes of this database.
    package var wakeChannel: any WakeChannel { wakes }

    /// Plans join in the order that is written and go by the indexes, never by what a table held when a plan was made;
    /// and a role's or a database's own setting does not make commits less than durable.
    private static let preparation: Query = """
        SELECT set_config(name, value, false) FROM (VALUES
            ('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'),
            ('plan_cache_mode', 'force_generic_plan'), ('join_collapse_limit', '1'), ('from_collapse_limit', '1'),
            ('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
                ELSE current_setting('synchronous_commit') END)
        ) AS setting (name, value)
        """

    package func migrate() async throws(StoreError) {
        try await compareClocks()
        try await write { try $0.migrate() }
    }

    /// Leaves the keyring's fingerprint with the database, or throws `incompatible` if another node has left one of
    /// another keyring. Once at start, after the migrations.
    package func adoptKeyring() async throws(StoreError) {
        try await write { try $0.adoptKeyring() }
    }

    /// Whether no pooler gives this node's connections to others after each transaction, once at start. Where to listen is
    /// looked at, too.
    package func keepsSessions() async throws(StoreError) -> Bool {
        try await outcome {
            guard try await self.settings.keepsSessions() else { return false }
            return try await self.wakes.keepsSessions()
        }
    }

    package func check() async throws(StoreError) {
        try await read { try $0.checkSchema() }
    }

    package func close() async {
        await wakes.close()
        await pool.close()
    }

    /// Sees how this machine's clock differs from the database's.
    func compareClocks() async throws(StoreError) {
        guard manualTime == nil else { return }
        let clock = clock
        try await outcome {
            try await self.pool.perform { session in
                try clock.compare {
                    let row = try session.run("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")[0]
                    return try row.time(0)
                }
            }
        }
    }
}

// MARK: - Transactions

extension PostgresStore {
    /// Runs `work` as one write transaction. It may run more than once: each time nothing of it was done before.
    ///
    /// - Parameter skipsLocked: see `Transaction`.
    func write<Value: Sendable>(
        skipsLocked: Bool = false, _ work: @Sendable (Transaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await outcome { try await self.commit(skipsLocked: skipsLocked, work) }
    }

    /// Runs a batch that locks many mailboxes. If somebody else holds one of them beyond the lock time-out the batch runs
    /// again without those that are held: what needs them is `busy`, and its neighbours lose no more time.
    func writeBatch<Value: Sendable>(
        _ work: @Sendable (Transaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await outcome {
            do {
                return try await self.commit(skipsLocked: false, work)
            } catch let error as PostgresError where error.state == .lockNotAvailable {
                return try await self.commit(skipsLocked: true, work)
            }
        }
    }

    private func commit<Value: Sendable>(
        skipsLocked: Bool, _ work: @Sendable (Transaction) throws -> Value
    ) async throws -> Value {
        // What the work came to, for the case that only the commit's answer is lost.
        let result = Mutex<Value?>(nil)
        return try await repeating {
            do {
                return try await pool.perform { session in
                    try session.transaction { postgres in
                        let value = try work(transaction(postgres, skipsLocked: skipsLocked))
                        result.withLock { $0 = value }
                        return value
                    }
                }
            } catch PostgresError.commitUnknown(let id) {
                let outcome = try await pool.outcome(of: id, within: Self.doubtLimit)
                guard outcome == .committed, let value = result.withLock({ $0 }) else {
                    throw PostgresError.connectionLost("a commit was not made")
                }
                return value
            }
        }
    }

    /// Runs `work` in one snapshot.
    func read<Value: Sendable>(
        _ work: @Sendable (Transaction) throws -> Value
    ) async throws(StoreError) -> Value {
        try await outcome {
            try await self.repeating {
                try await self.pool.perform { session in
                    try session.transaction(.snapshot) { try work(self.transaction($0, skipsLocked: false)) }
                }
            }
        }
    }

    private func transaction(_ postgres: PostgresTransaction, skipsLocked: Bool) -> Transaction {
        Transaction(
            postgres: postgres, now: manualTime?() ?? clock.now, keyring: keyring, betweenReads: betweenReads,
            skipsLocked: skipsLocked)
    }

    private func repeating<Value>(_ work: () async throws -> Value) async throws -> Value {
        var attempt = 1
        while true {
            do {
                return try await work()
            } catch let error as PostgresError where error.isTransient && attempt < Self.attempts {
                // One that cannot be reached is not there a moment later either.
                if case .unreachable = error { throw error }
                attempt += 1
            }
        }
    }

    private func outcome<Value: Sendable>(
        _ work: @Sendable () async throws -> Value
    ) async throws(StoreError) -> Value {
        do {
            return try await work()
        } catch {
            throw StoreError(error)
        }
    }
}
