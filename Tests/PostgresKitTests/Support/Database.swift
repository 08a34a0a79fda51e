import Foundation
import PostgresKit
import SealpostTesting

/// The cluster that no test breaks.
enum Database {
    static func settings(
        database: String = "postgres", _ change: (inout PostgresSettings) -> Void = { _ in }
    ) async throws -> PostgresSettings {
        var settings = PostgresSettings(url: try await PostgresCluster.shared.url(database: database))
        change(&settings)
        return settings
    }

    static func connection(_ change: (inout PostgresSettings) -> Void = { _ in }) async throws -> PostgresConnection {
        try PostgresConnection(try await settings(change))
    }

    /// A name that nobody else has.
    static func name(_ what: String = "t") -> String {
        what + "_" + UUID().uuidString.replacing("-", with: "").lowercased()
    }

    /// Makes a table of numbers.
    static func table(_ connection: PostgresConnection) async throws -> String {
        let table = name()
        try await connection.perform { session in
            _ = try session.run("CREATE TABLE \(unsafeSQL: table) (n bigint)")
        }
        return table
    }
}

extension PostgresConnection {
    /// The numbers in a table, in their order.
    func numbers(in table: String) async throws -> [Int] {
        try await perform { session in
            try session.run("SELECT n FROM \(unsafeSQL: table) ORDER BY n").map { try $0.value(0) }
        }
    }

    /// The process of the server.
    func backend() async throws -> Int32 { try await perform { $0.backend } }

    /// Asks until the answer is true, where there is nothing to be waited for.
    func until(_ query: Query, within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            if try await perform({ try $0.run(query).first?.optional(0, as: Bool.self) }) == true { return }
            guard ContinuousClock.now < deadline else { throw Failure("never true: \(query.sql)") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Waits until a server process runs a statement that begins so.
    func untilRunning(_ text: String, on backend: Int32) async throws {
        try await until(
            """
            SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE pid = \(backend) AND state = 'active' AND starts_with(query, \(text)))
            """)
    }
}

/// What a task throws, as an error of the kit.
func failure<Value>(of work: () async throws -> Value) async -> PostgresError? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? PostgresError
    }
}

extension PostgresError {
    var isConnectionLost: Bool {
        if case .connectionLost = self { true } else { false }
    }

    var isUnreachable: Bool {
        if case .unreachable = self { true } else { false }
    }

    var isUnexpectedValue: Bool {
        if case .unexpectedValue = self { true } else { false }
    }
}
