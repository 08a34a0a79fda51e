import Foundation
import Synchronization

/// A throw-away PostgreSQL cluster: a server of its own on a free port of 127.0.0.1 and a Unix socket, with everything
/// that it keeps in one temporary folder.
///
/// It is gone after `end`, when nobody holds it any more, and when the test process is gone, however that went.
package final class PostgresCluster: Sendable {
    private let programs: PostgresPrograms
    private let folder: ClusterFolder
    private let settings: [String: String]
    private let server: Mutex<Program>
    /// Where it listens on 127.0.0.1; the same after each start.
    package let port: Int

    /// One cluster for everything in this process that does not break it; started when it is first asked for.
    package static var shared: PostgresCluster {
        get async throws { try await sharedStart.value }
    }

    private static let sharedStart = Task { try await PostgresCluster() }

    /// Makes a cluster and starts it; it takes connections when this returns.
    ///
    /// - Parameter settings: of `postgresql.conf`, before those that are here for every cluster. Commits are durable
    ///   (`fsync`) unless these say otherwise.
    package init(settings: [String: String] = [:]) async throws {
        programs = try await PostgresPrograms.find()
        folder = try await ClusterFolder(programs)
        self.settings = settings
        // Somebody else may be faster with the port.
        var attempts = 0
        while true {
            attempts += 1
            let port = try FreePort.find()
            let server = try Self.launch(programs, folder, settings, port: port)
            if await Self.isReady(server) {
                self.port = port
                self.server = Mutex(server)
                return
            }
            guard attempts < 10, server.errors.text.contains("could not bind") else {
                await folder.remove()
                throw Failure("PostgreSQL did not start: \(server.errors.text)")
            }
        }
    }

    /// `postgres://postgres@127.0.0.1:PORT/NAME`; nobody is asked for a password.
    package func url(database: String = "postgres") -> String {
        "postgres://postgres@127.0.0.1:\(port)/\(database)"
    }

    /// The folder of the Unix socket, for `host=` in a URL.
    package var socketFolder: String { folder.path }

    /// The process that all its others descend from.
    package var postmaster: pid_t { server.withLock { $0.identifier } }

    /// What the server has written since its last start.
    package var log: String { server.withLock { $0 }.errors.text }

    /// Stops and removes it.
    package func end() async {
        await folder.remove()
        _ = await server.withLock { $0 }.end()
    }
}

// MARK: - Stopping and starting

extension PostgresCluster {
    /// Stops it in order: transactions are rolled back, everybody is disconnected, all is written.
    package func stop() async { await stop(SIGINT) }

    /// Stops it as a power cut would: nothing more is written, and the next start recovers.
    package func stopImmediately() async { await stop(SIGQUIT) }

    /// Starts it again after a stop: the same port, the same data.
    package func start() async throws {
        let server = try Self.launch(programs, folder, settings, port: port)
        guard await Self.isReady(server) else { throw Failure("PostgreSQL did not start: \(server.errors.text)") }
        self.server.withLock { $0 = server }
    }

    private func stop(_ signal: Int32) async {
        let server = server.withLock { $0 }
        server.signal(signal)
        _ = await server.end()
    }

    private static func launch(
        _ programs: PostgresPrograms, _ folder: ClusterFolder, _ settings: [String: String], port: Int
    ) throws -> Program {
        let ours = [
            "listen_addresses": "127.0.0.1", "port": "\(port)", "unix_socket_directories": folder.path,
            "max_connections": "400", "shared_buffers": "64MB", "lc_messages": "C",
            // The server's own words, and none about statements that were refused.
            "log_min_messages": "log", "log_checkpoints": "off",
        ]
        let arguments = ours.merging(settings) { $1 }.sorted { $0.key < $1.key }
            .flatMap { ["-c", "\($0.key)=\($0.value)"] }
        return try PostgresPrograms.start(programs.path("postgres"), ["-D", folder.data] + arguments)
    }

    /// False if it ended instead.
    private static func isReady(_ server: Program) async -> Bool {
        await server.errors.contains("database system is ready to accept connections")
    }
}

// MARK: - Using it

extension PostgresCluster {
    /// Makes an empty database of its own and returns its URL.
    package func createDatabase() async throws -> String {
        let name = "test_" + UUID().uuidString.replacing("-", with: "").lowercased()
        _ = try await psql("CREATE DATABASE \(name)")
        return url(database: name)
    }

    /// Runs statements one by one until one fails, which is thrown; returns what they print: a line a row, columns with
    /// `|` between.
    ///
    /// - Parameter database: its name, or its URL.
    @discardableResult
    package func psql(_ statements: String, database: String = "postgres") async throws -> String {
        let place = database.contains("://") ? database : url(database: database)
        let psql = try Program(
            programs.path("psql"), ["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", place],
            input: .bytes(Array(statements.utf8)))
        guard await psql.end() == .exited(0) else { throw Failure("psql: \(psql.errors.text)") }
        return psql.output.text.trimmingCharacters(in: .newlines)
    }

    /// Cuts every connection to a database, as a failover or an administrator does.
    ///
    /// - Parameter database: its name, or its URL.
    /// - Returns: how many there were.
    @discardableResult
    package func disconnectAll(from database: String) async throws -> Int {
        let name = database.split(separator: "/").last ?? ""
        let count = try await psql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '\(name)' AND pid <> pg_backend_pid()
            """)
        return Int(count) ?? 0
    }
}
