import SealpostTesting
import Testing

@testable import PostgresKit

@Suite struct TransactionTests {
    private struct Stop: Error {}

    @Test func aTransactionCommitsWhatItsBodyDid() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let sum = try await connection.perform { session in
            try session.transaction { transaction in
                try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (\(1))")
                _ = try transaction.pipeline([
                    "INSERT INTO \(unsafeSQL: table) VALUES (\(2))", "INSERT INTO \(unsafeSQL: table) VALUES (\(3))",
                ])
                return try transaction.run("SELECT sum(n)::int8 FROM \(unsafeSQL: table)")[0].value(0, as: Int.self)
            }
        }
        #expect(sum == 6)
        #expect(try await connection.numbers(in: table) == [1, 2, 3])
    }

    @Test func aBodyThatThrowsIsRolledBack() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        await #expect(throws: Stop.self) {
            try await connection.perform { session in
                try session.transaction { transaction in
                    try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (\(1))")
                    throw Stop()
                }
            }
        }
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func theLastQueriesCommitWithTheirAnswers() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        for isFirst in [true, false] {
            let rows = try await connection.perform { session in
                try session.transaction { transaction in
                    if !isFirst { try transaction.run("SELECT 1") }
                    return try transaction.commit(with: [
                        "INSERT INTO \(unsafeSQL: table) VALUES (\(1)) RETURNING n", "SELECT \(2)",
                    ]).map { try $0[0].value(0, as: Int.self) }
                }
            }
            #expect(rows == [1, 2])
        }
        #expect(try await connection.numbers(in: table) == [1, 1])
    }

    @Test func aFailureInTheLastQueriesRollsBack() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        for isFirst in [true, false] {
            let error = await failure {
                try await connection.perform { session in
                    try session.transaction { transaction in
                        if !isFirst { try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (0)") }
                        try transaction.commit(with: [
                            "INSERT INTO \(unsafeSQL: table) VALUES (\(1))", "SELECT 1 / \(0)",
                        ])
                    }
                }
            }
            #expect(error?.state == SQLState("22012"))
        }
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func aConstraintThatFailsAtCommitIsTheServersError() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let error = await failure {
            try await connection.perform { session in
                _ = try session.run(
                    "ALTER TABLE \(unsafeSQL: table) ADD UNIQUE (n) DEFERRABLE INITIALLY DEFERRED")
                try session.transaction { transaction in
                    _ = try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (1), (1)")
                }
            }
        }
        #expect(error?.state == .uniqueViolation)
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func aFailureThatTheBodySwallowsDoesNotCommit() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let error = await failure {
            try await connection.perform { session in
                try session.transaction { transaction in
                    try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (1)")
                    _ = try? transaction.run("SELECT 1 / \(0)")
                }
            }
        }
        #expect(error == .unexpectedValue("a commit that rolled back"))
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func anErrorInsideLeavesTheConnectionClean() async throws {
        let connection = try await Database.connection()
        let before = try await connection.backend()
        for _ in 0..<3 {
            _ = await failure {
                try await connection.perform { session in
                    try session.transaction { try $0.run("SELECT 1 / \(0)") }.count
                }
            }
            #expect(try await connection.perform { $0.isLeftOpen } == false)
        }
        #expect(try await connection.backend() == before)
    }

    @Test func aTransactionIsOneForTheServer() async throws {
        try await Database.connection().perform { session in
            let ids = try session.transaction { transaction in
                try (0..<3).map { _ in
                    try transaction.run("SELECT pg_current_xact_id()::text")[0].value(0, as: String.self)
                }
            }
            #expect(Set(ids).count == 1)
            let other = try session.run("SELECT pg_current_xact_id()::text")[0].value(0, as: String.self)
            #expect(ids[0] != other)
        }
    }

    @Test func aSnapshotSeesOneStateAndWritesNothing() async throws {
        let connection = try await Database.connection()
        let other = try await Database.connection()
        let table = try await Database.table(connection)
        let hasLooked = AsyncStream<Void>.makeStream()
        // What the first one waits for in the middle.
        try await other.perform { _ = try $0.run("SELECT pg_advisory_lock(hashtext(\(table)))") }
        async let counts = connection.perform { session in
            try session.transaction(.snapshot) { transaction in
                let count: Query = "SELECT count(*) FROM \(unsafeSQL: table)"
                let before = try transaction.run(count)[0].value(0, as: Int.self)
                hasLooked.continuation.finish()
                try transaction.run("SELECT pg_advisory_xact_lock_shared(hashtext(\(table)))")
                return [before, try transaction.run(count)[0].value(0, as: Int.self)]
            }
        }
        for await _ in hasLooked.stream {}
        try await other.perform { session in
            _ = try session.run("INSERT INTO \(unsafeSQL: table) VALUES (1)")
            _ = try session.run("SELECT pg_advisory_unlock(hashtext(\(table)))")
        }
        #expect(try await counts == [0, 0])
        let error = await failure {
            try await connection.perform { session in
                try session.transaction(.snapshot) { try $0.run("INSERT INTO \(unsafeSQL: table) VALUES (2)") }.count
            }
        }
        #expect(error?.state == .readOnlyTransaction)
        #expect(try await connection.numbers(in: table) == [1])
    }

    @Test func anEmptyTransactionSendsNothing() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        let backend = try await connection.backend()
        let text = { @Sendable (session: PostgresSession) in
            try session.run(
                "SELECT query || state_change::text FROM pg_stat_activity WHERE pid = \(backend)")[0]
                .value(0, as: String.self)
        }
        let before = try await observer.perform(text)
        try await connection.perform { session in
            try session.transaction { _ in }
            _ = try session.transaction { try $0.commit() }
            try? session.transaction { _ in throw Stop() }
        }
        #expect(try await observer.perform(text) == before)
    }

    @Test func beginGoesOutWithTheFirstStatements() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        let connection = try PostgresConnection(PostgresSettings(url: wire.url))
        let trips = { @Sendable (body: @Sendable @escaping (PostgresSession) throws -> Void) in
            // Once for what is prepared, once to count.
            try await connection.perform(body)
            let before = wire.trips
            try await connection.perform(body)
            return wire.trips - before
        }
        #expect(try await trips { _ = try $0.run("SELECT 1") } == 1)
        #expect(try await trips { try $0.transaction { _ = try $0.run("SELECT 1") } } == 2)
        #expect(try await trips { try $0.transaction { _ = try $0.commit(with: ["SELECT 1"]) } } == 2)
        #expect(try await trips { try $0.transaction(.snapshot) { _ = try $0.commit(with: ["SELECT 1"]) } } == 1)
        #expect(
            try await trips { session in
                try session.transaction { transaction in
                    try transaction.run("SELECT 1")
                    try transaction.commit(with: ["SELECT 2", "SELECT 3"])
                }
            } == 2)
        #expect(try await trips { try $0.transaction { _ in } } == 0)
    }

    @Test func aTransactionThatIsCancelledInTheMiddleLeavesNothing() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        let table = try await Database.table(connection)
        let backend = try await connection.backend()
        let task = Task {
            try await connection.perform { session in
                try session.transaction { transaction in
                    try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (1)")
                    try transaction.run("SELECT pg_sleep(60)")
                }
            }
        }
        try await observer.untilRunning("SELECT pg_sleep", on: backend)
        task.cancel()
        #expect(await failure { try await task.value } == .cancelled)
        #expect(try await connection.numbers(in: table).isEmpty)
        #expect(try await connection.backend() == backend)
    }

    @Test func aCancelThatComesWhileCommitIsUnderWayDoesNotUndoIt() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        let table = try await Database.table(connection)
        let backend = try await connection.backend()
        // COMMIT waits for a lock of the observer's.
        try await connection.perform { session in
            _ = try session.run(
                """
                CREATE FUNCTION \(unsafeSQL: table)() RETURNS trigger LANGUAGE plpgsql
                AS $$ BEGIN PERFORM pg_advisory_xact_lock(hashtext('\(unsafeSQL: table)')); RETURN NULL; END $$
                """)
            _ = try session.run(
                """
                CREATE CONSTRAINT TRIGGER last AFTER INSERT ON \(unsafeSQL: table) DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION \(unsafeSQL: table)()
                """)
        }
        try await observer.perform { _ = try $0.run("SELECT pg_advisory_lock(hashtext(\(table)))") }
        let task = Task {
            try await connection.perform { session in
                try session.transaction { _ = try $0.run("INSERT INTO \(unsafeSQL: table) VALUES (1)") }
            }
        }
        try await observer.untilRunning("COMMIT", on: backend)
        task.cancel()
        // It is still there, and not on its way out.
        try await observer.untilRunning("COMMIT", on: backend)
        try await observer.perform { session in
            _ = try session.run("SELECT pg_sleep(0.5)")
            _ = try session.run("SELECT pg_advisory_unlock(hashtext(\(table)))")
        }
        try await task.value
        #expect(try await connection.numbers(in: table) == [1])
    }

    @Test func aBodyThatGoesOnAfterItsBeginFailedRunsNothing() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let error = await failure {
            try await connection.perform { session in
                try session.transaction { transaction in
                    session.prefix = ["SELECT 1 / 0"]
                    _ = try? transaction.run("SELECT 1")
                    try transaction.run("INSERT INTO \(unsafeSQL: table) VALUES (1)")
                }
            }
        }
        #expect(error?.state == SQLState("22012"))
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func aTransactionThatWorkLeavesOpenEndsWithItsConnection() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        try await connection.perform { session in
            _ = try session.run("BEGIN")
            _ = try session.run("INSERT INTO \(unsafeSQL: table) VALUES (1)")
        }
        #expect(try await connection.numbers(in: table).isEmpty)
    }
}
