import SealpostTesting
import Testing

@testable import PostgresKit

/// Connections that break while COMMIT is under way.
@Suite struct CommitInDoubtTests {
    /// Inserts a number through a wire, and what came of it.
    private func insert(
        _ atCommit: Wire.AtCommit, _ body: @escaping @Sendable (PostgresTransaction, Query) throws -> Void
    ) async throws -> (error: PostgresError?, numbers: () async throws -> [Int]) {
        let direct = try await Database.connection()
        let table = try await Database.table(direct)
        let wire = try await Wire(to: PostgresCluster.shared.port, atCommit: atCommit)
        defer { wire.end() }
        let connection = try PostgresConnection(
            PostgresSettings(url: wire.url, statementTimeout: .seconds(1), patience: .milliseconds(200)))
        let error = await failure {
            try await connection.perform { session in
                try session.transaction { try body($0, "INSERT INTO \(unsafeSQL: table) VALUES (1)") }
            }
        }
        return (error, { try await direct.numbers(in: table) })
    }

    private func outcome(of error: PostgresError?) async throws -> PostgresPool.Outcome {
        guard case .commitUnknown(let id) = error else { throw Failure("\(String(describing: error))") }
        let pool = PostgresPool(try await Database.settings(), limit: 2)
        return try await pool.outcome(of: id, within: .seconds(5))
    }

    static let bodies: [@Sendable (PostgresTransaction, Query) throws -> Void] = [
        { transaction, query in try transaction.run(query) },
        { transaction, query in
            try transaction.run("SELECT 1")
            try transaction.commit(with: [query])
        },
        { transaction, query in try transaction.commit(with: [query]) },
    ]

    @Test(arguments: bodies.indices)
    func aCommitWhoseAnswerIsLostIsInDoubtAndTurnsOutCommitted(body: Int) async throws {
        let (error, numbers) = try await insert(.cutAfter, Self.bodies[body])
        #expect(try await outcome(of: error) == .committed)
        #expect(try await numbers() == [1])
    }

    @Test(arguments: bodies.indices)
    func aCommitThatDidNotArriveIsInDoubtAndTurnsOutRolledBack(body: Int) async throws {
        let (error, numbers) = try await insert(.cutBefore, Self.bodies[body])
        #expect(try await outcome(of: error) == .rolledBack)
        #expect(try await numbers().isEmpty)
    }

    @Test(arguments: bodies.indices) func aCommitThatIsNotAnsweredInTimeIsInDoubt(body: Int) async throws {
        let (error, numbers) = try await insert(.freezeBefore, Self.bodies[body])
        // When the line ended the server heard COMMIT after all, or heard the end first.
        let outcome = try await outcome(of: error)
        #expect(try await numbers() == (outcome == .committed ? [1] : []))
    }

    @Test func aConnectionThatBreaksBeforeCommitIsNotInDoubt() async throws {
        let (error, numbers) = try await insert(.pass) { transaction, query in
            try transaction.run(query)
            try transaction.run("SELECT pg_terminate_backend(pg_backend_pid())")
        }
        #expect(error?.isConnectionLost == true)
        #expect(try await numbers().isEmpty)
        let (swallowed, none) = try await insert(.pass) { transaction, query in
            try transaction.run(query)
            _ = try? transaction.run("SELECT pg_terminate_backend(pg_backend_pid())")
            try transaction.commit(with: [query])
        }
        #expect(swallowed?.isConnectionLost == true)
        #expect(try await none().isEmpty)
    }

    @Test func aTransactionUnderWayIsWaitedForAndThenInDoubt() async throws {
        let connection = try await Database.connection()
        let pool = PostgresPool(try await Database.settings(), limit: 1)
        let id = Promise<TransactionID>()
        let end = Promise<Void>()
        let task = Task {
            try await connection.perform { session in
                try session.transaction { transaction in
                    try transaction.run("SELECT 1")
                    if let number = transaction.session.transactionID { id.keep(number) }
                    while !end.isKept { try transaction.run("SELECT pg_sleep(0.002)") }
                }
            }
        }
        let transaction = await id.value
        #expect(
            await failure { try await pool.outcome(of: transaction, within: .milliseconds(100)) }
                == .commitUnknown(transaction))
        async let outcome = pool.outcome(of: transaction, within: .seconds(20))
        end.keep(())
        #expect(try await outcome == .committed)
        try await task.value
    }
}
