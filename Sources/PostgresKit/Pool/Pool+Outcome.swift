extension PostgresPool {
    /// What became of a transaction.
    public enum Outcome: Sendable, Hashable {
        case committed
        case rolledBack
    }

    /// Asks the server what became of a transaction whose COMMIT got no answer, again and again while the server cannot
    /// be reached or the transaction is still under way there. Throws what kept it from knowing when the time is over.
    ///
    /// Throws `commitUnknown` if that cannot be known any more: the server went down in between, or another one took its
    /// place, and whoever has the number now is committed. It may be the same transaction, or one that got the number of
    /// one that was lost: also long before, for a server may go down twice in between.
    public func outcome(of transaction: TransactionID, within limit: Duration) async throws -> Outcome {
        let deadline = ContinuousClock.now + limit
        while true {
            do {
                let fate = try await perform { try $0.fate(of: transaction) }
                switch fate {
                case .settled(let outcome): return outcome
                case .underWay where ContinuousClock.now < deadline: break
                case .underWay, .forgotten: throw PostgresError.commitUnknown(transaction)
                }
            } catch let error as PostgresError {
                let mayPass = error.isTransient || error == .timedOut || error == .exhausted
                guard mayPass, ContinuousClock.now < deadline else { throw error }
            }
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                throw PostgresError.cancelled
            }
        }
    }
}

extension PostgresSession {
    fileprivate enum Fate: Sendable {
        case settled(PostgresPool.Outcome)
        case underWay
        case forgotten
    }

    fileprivate func fate(of transaction: TransactionID) throws(PostgresError) -> Fate {
        let isCertain = if let life, let before = transaction.life { life.isSame(as: before) } else { false }
        // What is committed is known to every recovery: no life begins with its number, or a smaller one.
        if !isCertain, let next = try firstNumber(), transaction.value >= next { return .settled(.rolledBack) }
        switch try status(of: transaction) {
        case "aborted": return .settled(.rolledBack)
        case "committed" where isCertain: return .settled(.committed)
        case "in progress": return .underWay
        default: return .forgotten
        }
    }

    private func status(of transaction: TransactionID) throws(PostgresError) -> String? {
        do throws(PostgresError) {
            return try run("SELECT pg_xact_status(\(String(transaction.value))::xid8)")[0].optional(0, as: String.self)
        } catch {
            // A number that was not given yet: so nothing that it stood for is there.
            if case .server(let server) = error, server.state == .invalidParameter { return "aborted" }
            throw error
        }
    }

    /// The first number of a transaction that this life of the server has given, as long as that can be told: until its
    /// first checkpoint, for the last one is from its beginning then. Only such a checkpoint begins where it ends,
    /// unless the log is kept minimal; and one that was copied from another server has that one's time line.
    private func firstNumber() throws(PostgresError) -> UInt64? {
        do throws(PostgresError) {
            let row = try run(
                """
                SELECT split_part(next_xid, ':', 1)::bigint << 32 | split_part(next_xid, ':', 2)::bigint
                FROM pg_control_checkpoint() WHERE CASE WHEN pg_is_in_recovery() THEN false
                    ELSE redo_lsn = checkpoint_lsn AND current_setting('wal_level') <> 'minimal' AND timeline_id =
                        ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int END
                """
            ).first
            return try row.map { row throws(PostgresError) in UInt64(bitPattern: try row.value(0, as: Int64.self)) }
        } catch {
            if case .server(let server) = error, server.state == .insufficientPrivilege { return nil }
            throw error
        }
    }
}

extension PostgresError {
    /// Whether the same may succeed soon on another connection: the server was away, or a deadlock was broken.
    public var isTransient: Bool {
        switch self {
        case .unreachable, .connectionLost: true
        case .server(let error):
            error.state.endsConnection || error.state == .deadlockDetected || error.state == .serializationFailure
        case .exhausted, .timedOut, .commitUnknown, .cancelled, .unexpectedValue, .closed: false
        }
    }
}
