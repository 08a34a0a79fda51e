import PostgresKit
import SealpostTesting
import Testing

@Suite struct UnreachableTests {
    /// What connecting says, and that it is said soon.
    private func connecting(_ url: String) async throws -> String {
        let connection = try PostgresConnection(PostgresSettings(url: url))
        let start = ContinuousClock.now
        let error = await failure { try await connection.backend() }
        #expect(ContinuousClock.now - start < .seconds(2))
        guard case .unreachable(let cause) = error else {
            Issue.record("\(String(describing: error))")
            return ""
        }
        #expect(!cause.contains("hunter") && !"\(PostgresError.unreachable(cause))".contains("hunter"))
        return cause
    }

    @Test func aWrongPortIsToldAtOnce() async throws {
        let port = try FreePort.find()
        #expect(try await connecting("postgres://x:hunter2@127.0.0.1:\(port)/y").contains("refused"))
    }

    @Test func aWrongHostIsToldAtOnce() async throws {
        #expect(try await connecting("postgres://x:hunter2@nobody.invalid/y").contains("nobody.invalid"))
        #expect(try await connecting("postgres://x:hunter2@/y?host=/nowhere").contains("/nowhere"))
    }

    @Test func aWrongDatabaseIsToldAtOnce() async throws {
        let url = try await PostgresCluster.shared.url(database: "nothing")
        #expect(try await connecting(url).contains(#"database "nothing" does not exist"#))
    }

    @Test func aStringThatCannotBeReadIsNotQuoted() async throws {
        #expect(try await connecting("postgres://x:hunter%zz2@127.0.0.1/y").contains("cannot be read"))
        #expect(try await connecting("hunter2").contains("cannot be read"))
        #expect(try await connecting("host=x password='hunter2").contains("cannot be read"))
        #expect(try await connecting("postgres://x:pass@hunter2@127.0.0.1/y").contains("%40"))
    }
}
