import PostgresKit
import Testing

@Suite struct SessionTests {
    @Test func aPipelineAnswersEachQueryInOrder() async throws {
        try await Database.connection().perform { session throws in
            let rows = try session.pipeline((0..<100).map { "SELECT \($0)" })
            #expect(try rows.map { try $0[0].value(0, as: Int.self) } == Array(0..<100))
            #expect(try session.pipeline([]).isEmpty)
        }
    }

    @Test func aFailingQueryStopsTheRestAndTheSessionGoesOn() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        try await connection.perform { session throws in
            for failing: Query in ["SELECT 1 / \(0)", "SELECT nothing", "SELEC"] {
                #expect(throws: PostgresError.self) {
                    try session.pipeline([
                        "INSERT INTO \(unsafeSQL: table) VALUES (\(1))", failing,
                        "INSERT INTO \(unsafeSQL: table) VALUES (\(2))", "SELECT \("new text \(failing.sql.count)")",
                    ])
                }
                #expect(try session.run("SELECT \(7)")[0].value(0) == 7)
            }
        }
        // Outside of a transaction a pipeline is one.
        #expect(try await connection.numbers(in: table) == [])
    }

    @Test func aTextIsPreparedOnceAndUsedAgain() async throws {
        try await Database.connection().perform { session throws in
            let count: Query = "SELECT count(*) FROM pg_prepared_statements"
            let before = try session.run(count)[0].value(0, as: Int.self)
            for number in 0..<5 { #expect(try session.run("SELECT \(number) + 1")[0].value(0) == number + 1) }
            // The same twice in one pipeline, for the first time.
            let rows = try session.pipeline(["SELECT \(1) * 2", "SELECT \(2) * 2"])
            #expect(try rows.map { try $0[0].value(0, as: Int.self) } == [2, 4])
            #expect(try session.run(count)[0].value(0) == before + 2)
        }
    }

    @Test func namesOfPreparedTextsNeverMeet() async throws {
        try await Database.connection().perform { session throws in
            // Pipelines of several lengths, and failing ones in between.
            for length in [3, 1, 2, 5, 1, 1, 4, 1, 1] {
                let rows = try session.pipeline(
                    (0..<length).map { "SELECT \(unsafeSQL: "\(length * 10 + $0)") + \(0)" })
                #expect(try rows.map { try $0[0].value(0, as: Int.self) } == (0..<length).map { length * 10 + $0 })
                #expect(throws: PostgresError.self) {
                    try session.pipeline(["SELECT \(length), 'a'", "SELEC", "SELECT 'b'"])
                }
            }
        }
    }

    @Test func textsBeyondAThousandRunUnprepared() async throws {
        try await Database.connection().perform { session throws in
            for start in stride(from: 0, to: 1_200, by: 300) {
                let rows = try session.pipeline((start..<start + 300).map { "SELECT \(unsafeSQL: "\($0)") + \(0)" })
                #expect(try rows.map { try $0[0].value(0, as: Int.self) } == Array(start..<start + 300))
            }
            #expect(try session.run("SELECT 7777 + \(0)")[0].value(0) == 7777)
            let count = try session.run("SELECT count(*) FROM pg_prepared_statements")[0].value(0, as: Int.self)
            #expect(count == 1_000)
        }
    }

    @Test func megabytesGoBothWaysInOnePipeline() async throws {
        let big = [UInt8](repeating: 7, count: 1 << 20)
        let all = try await Database.connection().perform { session throws in
            let rows = try session.pipeline((0..<16).map { _ in "SELECT \(big)" })
            return try rows.allSatisfy { try $0[0].value(0, as: [UInt8].self) == big }
        }
        #expect(all)
    }

    @Test func megabytesGoOutWhenNothingComesBackMeanwhile() async throws {
        let big = [UInt8](repeating: 7, count: 1 << 20)
        try await Database.connection().perform { session throws in
            let rows = try session.pipeline((0..<16).map { _ in "SELECT length(\(big))" })
            #expect(try rows.map { try $0[0].value(0, as: Int.self) } == Array(repeating: 1 << 20, count: 16))
        }
    }

    @Test func anAnswerOutlivesTheNextQuery() async throws {
        try await Database.connection().perform { session throws in
            let rows = try session.run("SELECT generate_series(1, 1000)")
            _ = try session.run("SELECT 2")
            #expect(try rows.map { try $0.value(0, as: Int.self) } == Array(1...1000))
            #expect(rows.count == 1000 && rows.first != nil)
        }
    }

    @Test func changesAreCounted() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        try await connection.perform { session throws in
            #expect(try session.run("INSERT INTO \(unsafeSQL: table) SELECT generate_series(1, 5)").changes == 5)
            #expect(try session.run("UPDATE \(unsafeSQL: table) SET n = 0 WHERE n > \(2)").changes == 3)
            #expect(try session.run("DELETE FROM \(unsafeSQL: table) WHERE false").changes == 0)
            #expect(try session.run("SELECT FROM \(unsafeSQL: table) WHERE false").first == nil)
        }
    }

    @Test func theSettingsHoldForTheSession() async throws {
        let connection = try await Database.connection {
            $0.applicationName = "kit's tests"
            $0.statementTimeout = .milliseconds(12_345)
            $0.lockTimeout = .milliseconds(678)
            $0.preparation = ["SET search_path = ''"]
        }
        try await connection.perform { session throws in
            let row = try session.run(
                """
                SELECT current_setting('application_name'), current_setting('statement_timeout'),
                    current_setting('lock_timeout'), current_setting('search_path'), current_setting('TimeZone')
                """)[0]
            let values = try (0..<5).map { try row.value($0, as: String.self) }
            #expect(values == ["kit's tests", "12345ms", "678ms", "\"\"", "UTC"])
            #expect(session.serverVersion >= 140_000)
            #expect(try session.run("SELECT pg_backend_pid()")[0].value(0) == session.backend)
        }
    }

    @Test func aPreparationThatFailsIsTold() async throws {
        let connection = try await Database.connection { $0.preparation = ["SET nothing = 1"] }
        #expect(await failure { try await connection.backend() }?.state == SQLState("42704"))
    }
}
