import Foundation
import PostgresKit
import SealpostTesting
import Testing

/// Servers that say nothing, without being gone.
@Suite struct FrozenTests {
    private static let limit = Duration.milliseconds(600)

    private func settings(_ wire: Wire) -> PostgresSettings {
        PostgresSettings(
            url: wire.url, connectTimeout: .seconds(3), statementTimeout: .milliseconds(300),
            patience: .milliseconds(300))
    }

    private func time<Value>(_ work: () async throws -> Value) async rethrows -> (Value, Duration) {
        let start = ContinuousClock.now
        let value = try await work()
        return (value, ContinuousClock.now - start)
    }

    @Test func aServerThatIsFrozenInMidQueryIsGivenUpInTime() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        let connection = try PostgresConnection(settings(wire))
        _ = try await connection.backend()
        wire.freeze()
        let (error, time) = await time {
            await failure { try await connection.perform { _ = try $0.run("SELECT 1") } }
        }
        #expect(error == .timedOut)
        #expect(time >= Self.limit && time < Self.limit + .seconds(1))
        // Connecting again does not hang either.
        let (second, again) = await self.time { await failure { try await connection.backend() } }
        #expect(second?.isUnreachable == true)
        #expect(again < .seconds(5))
        wire.thaw()
        while await failure(of: { try await connection.backend() }) != nil {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func aBackendThatIsStoppedIsGivenUpInTime() async throws {
        let connection = try await Database.connection {
            $0.statementTimeout = .milliseconds(300)
            $0.patience = .milliseconds(300)
        }
        let backend = try await connection.backend()
        kill(backend, SIGSTOP)
        let (error, time) = await time {
            await failure { try await connection.perform { _ = try $0.run("SELECT 1") } }
        }
        kill(backend, SIGCONT)
        #expect(error == .timedOut)
        #expect(time >= Self.limit && time < Self.limit + .seconds(1))
        #expect(try await connection.backend() != backend)
    }

    @Test func aCancelThatAFrozenServerDoesNotHearEndsAfterPatience() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        var settings = settings(wire)
        settings.statementTimeout = .seconds(60)
        let connection = try PostgresConnection(settings)
        let observer = try await Database.connection()
        let backend = try await connection.backend()
        let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        try await observer.untilRunning("SELECT pg_sleep", on: backend)
        wire.freeze()
        let (error, time) = await time {
            task.cancel()
            return await failure { try await task.value }
        }
        #expect(error == .timedOut)
        #expect(time >= .milliseconds(300) && time < .seconds(1))
        try await observer.perform { _ = try $0.run("SELECT pg_terminate_backend(\(backend))") }
    }

    @Test func aCancelledTaskDoesNotWaitForAConnection() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        wire.freeze()
        var settings = settings(wire)
        settings.connectTimeout = .seconds(60)
        let connection = try PostgresConnection(settings)
        let task = Task { try await connection.backend() }
        while wire.accepted == 0 { await Task.yield() }
        let (error, time) = await time {
            task.cancel()
            return await failure { try await task.value }
        }
        #expect(error == .cancelled)
        #expect(time < .seconds(2))
    }

    @Test func aCancelThatComesBeforeItsStatementIsAskedAgain() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        var settings = settings(wire)
        settings.statementTimeout = .seconds(60)
        settings.patience = .seconds(10)
        let connection = try PostgresConnection(settings)
        let backend = try await connection.backend()
        wire.freezeConnected()
        let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        while !wire.isHolding { await Task.yield() }
        task.cancel()
        // The server has got the request, and forgotten it.
        while wire.closed < 1 { await Task.yield() }
        wire.thaw()
        let (error, time) = await time { await failure { try await task.value } }
        #expect(error == .cancelled)
        #expect(time < .seconds(2))
        #expect(try await connection.backend() == backend)
    }
}
