import Foundation
import PostgresKit
import Testing

@testable import SealpostTesting

/// A server that takes nobody without TLS, and some by password alone.
@Suite(.serialized) struct TLSTests {
    private struct Server {
        let cluster: PostgresCluster
        let folder: TemporaryFolder

        init() async throws {
            folder = try TemporaryFolder()
            // The server is another user's when we are root, and so is its key.
            guard chmod(folder.path, 0o777) == 0 else { throw Failure("chmod") }
            for name in ["server", "other"] {
                let openssl = try PostgresPrograms.start(
                    "/usr/bin/env",
                    [
                        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", folder.path(of: "\(name).key"), "-out", folder.path(of: "\(name).pem"),
                    ])
                guard await openssl.end() == .exited(0) else { throw Failure("openssl: \(openssl.errors.text)") }
            }
            let rules = """
                local all all trust
                hostssl all postgres 127.0.0.1/32 trust
                hostssl all secretive 127.0.0.1/32 scram-sha-256
                """
            try rules.write(toFile: folder.path(of: "hba"), atomically: false, encoding: .utf8)
            cluster = try await PostgresCluster(settings: [
                "ssl": "on", "ssl_cert_file": folder.path(of: "server.pem"),
                "ssl_key_file": folder.path(of: "server.key"), "hba_file": folder.path(of: "hba"),
                "default_transaction_read_only": "on",
            ])
            let socket = "postgres://postgres@/postgres?host=\(cluster.socketFolder)&port=\(cluster.port)"
            try await cluster.psql(
                "SET default_transaction_read_only = off; CREATE ROLE secretive LOGIN PASSWORD 'hunter2'",
                database: socket)
        }
    }

    private static let start = Task { try await Server() }
    private let server: Server

    init() async throws {
        server = try await Self.start.value
    }

    private func connection(
        user: String = "postgres", _ options: String, needsPrimary: Bool = false
    ) throws -> PostgresConnection {
        let url = "postgres://\(user)@127.0.0.1:\(server.cluster.port)/postgres?\(options)"
        return try PostgresConnection(PostgresSettings(url: url, needsPrimary: needsPrimary))
    }

    private func root(_ name: String) -> String { "sslrootcert=\(server.folder.path(of: "\(name).pem"))" }

    private let isEncrypted: @Sendable (PostgresSession) throws -> Bool = { session in
        try session.run("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")[0].value(0)
    }

    @Test func requireAndVerifyFullWithTheRightRootWork() async throws {
        #expect(try await connection("sslmode=require").perform(isEncrypted))
        #expect(try await connection("sslmode=verify-full&\(root("server"))").perform(isEncrypted))
    }

    @Test func verifyFullWithAnotherRootIsUnreachable() async throws {
        let error = await failure { try await connection("sslmode=verify-full&\(root("other"))").perform(isEncrypted) }
        #expect(error?.isUnreachable == true)
        #expect(error.map { "\($0)" }?.contains("certificate verify failed") == true)
    }

    @Test func aConnectionWithoutTLSIsRefused() async throws {
        let error = await failure { try await connection("sslmode=disable").perform(isEncrypted) }
        #expect(error?.isUnreachable == true)
        #expect(error.map { "\($0)" }?.contains("no encryption") == true)
    }

    @Test func megabytesGoBothWays() async throws {
        let big = [UInt8](repeating: 7, count: 1 << 20)
        let all = try await connection("sslmode=require").perform { session in
            try session.pipeline((0..<8).map { _ in "SELECT \(big)" })
                .allSatisfy { try $0[0].value(0, as: [UInt8].self) == big }
        }
        #expect(all)
    }

    @Test func aQueryIsCancelledOverTLS() async throws {
        let connection = try connection("sslmode=require")
        let observer = try self.connection("sslmode=require")
        let backend = try await connection.backend()
        let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        try await observer.untilRunning("SELECT pg_sleep", on: backend)
        task.cancel()
        #expect(await failure { try await task.value } == .cancelled)
        #expect(try await connection.perform(isEncrypted))
    }

    @Test func aWrongPasswordIsToldAtOnceAndNotRepeated() async throws {
        #expect(try await connection(user: "secretive:hunter2", "sslmode=require").perform(isEncrypted))
        let start = ContinuousClock.now
        let error = await failure {
            try await connection(user: "secretive:hunter3", "sslmode=require").perform(isEncrypted)
        }
        #expect(ContinuousClock.now - start < .seconds(2))
        let text = error.map { "\($0)" } ?? ""
        #expect(error?.isUnreachable == true && text.contains("authentication failed") && !text.contains("hunter"))
    }

    @Test func aServerThatTakesNoWritesIsPassedOver() async throws {
        let error = await failure { try await connection("", needsPrimary: true).backend() }
        #expect(error?.isUnreachable == true)
        #expect(error.map { "\($0)" }?.contains("read-only") == true)
        let shared = try await PostgresCluster.shared.port
        let url = "postgres://postgres@127.0.0.1:\(server.cluster.port),127.0.0.1:\(shared)/postgres"
        let port = try await PostgresConnection(PostgresSettings(url: url)).perform { session in
            try session.run("SELECT current_setting('port')::int")[0].value(0, as: Int.self)
        }
        #expect(port == shared)
    }
}
