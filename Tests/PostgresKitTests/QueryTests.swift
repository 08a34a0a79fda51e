import PostgresKit
import Testing

@Suite struct QueryTests {
    @Test func whatIsInterpolatedBecomesAParameter() {
        let query: Query = "SELECT \(1) + \(2 as Int?), \("x") FROM \(unsafeSQL: "t, u") WHERE \(true)"
        #expect(query.sql == "SELECT $1 + $2, $3 FROM t, u WHERE $4")
        #expect(Query(unsafeSQL: "SELECT 1").sql == "SELECT 1")
    }

    @Test func aValueThatLooksLikeSQLStaysAValue() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let evil = "'; DROP TABLE \(table); SELECT $1; --"
        let back = try await connection.perform { session in
            try session.run("SELECT \(evil) WHERE \(evil) = \(evil)")[0].value(0, as: String.self)
        }
        #expect(back == evil)
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func twoStatementsInOneTextAreRefused() async throws {
        let error = await failure { try await Database.connection().perform { _ = try $0.run("SELECT 1; SELECT 2") } }
        #expect(error?.state == .syntaxError)
    }

    @Test func aNullIsNullInItsType() async throws {
        try await Database.connection().perform { session in
            let row = try session.run("SELECT \(nil as Int?) IS NULL, coalesce(\(nil as String?), 'none')")[0]
            #expect(try row.value(0) == true)
            #expect(try row.value(1) == "none")
        }
    }

    @Test func anErrorAboutAValueDoesNotQuoteIt() async throws {
        let secret = "hunter2"
        let error = await failure {
            try await Database.connection().perform { _ = try $0.run("SELECT \(secret)::int") }
        }
        #expect(error?.state == SQLState("22P02"))
        #expect(error.map { "\($0)" }?.contains(secret) == false)
        #expect(error.map { "\($0)" }?.contains("integer") == true)
    }

    @Test func aBrokenConstraintIsNamedAndItsValuesAreNot() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let error = await failure {
            try await connection.perform { session in
                _ = try session.run("ALTER TABLE \(unsafeSQL: table) ADD CONSTRAINT \(unsafeSQL: table)_n UNIQUE (n)")
                _ = try session.run("INSERT INTO \(unsafeSQL: table) VALUES (\(815)), (\(815))")
            }
        }
        guard case .server(let server) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.state == .uniqueViolation && server.constraint == "\(table)_n")
        #expect(!"\(server)".contains("815"))
    }
}
