import Foundation
import PostgresKit
import SealpostTesting
import Testing

@Suite struct ConnectionTests {
    @Test func aCancelledTaskCancelsItsQueryAndTheNextOneWorks() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        let backend = try await connection.backend()
        for _ in 0..<3 {
            let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
            try await observer.untilRunning("SELECT pg_sleep", on: backend)
            let start = ContinuousClock.now
            task.cancel()
            #expect(await failure { try await task.value } == .cancelled)
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(try await connection.backend() == backend)
            #expect(try await connection.perform { try $0.run("SELECT \(7)")[0].value(0, as: Int.self) } == 7)
        }
    }

    @Test func aTaskThatIsCancelledBeforeItsTurnDoesNothing() async throws {
        let connection = try await Database.connection()
        let table = try await Database.table(connection)
        let observer = try await Database.connection()
        let backend = try await connection.backend()
        let first = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        try await observer.untilRunning("SELECT pg_sleep", on: backend)
        let second = Task {
            try await connection.perform { _ = try $0.run("INSERT INTO \(unsafeSQL: table) VALUES (1)") }
        }
        second.cancel()
        first.cancel()
        #expect(await failure { try await first.value } == .cancelled)
        #expect(await failure { try await second.value } == .cancelled)
        #expect(try await connection.numbers(in: table).isEmpty)
    }

    @Test func workThatGoesOnAfterItsCancellationIsRefusedEachStatement() async throws {
        let connection = try await Database.connection()
        let started = AsyncStream<Void>.makeStream()
        let task = Task {
            try await connection.perform { session in
                started.continuation.finish()
                while (try? session.run("SELECT 1")) != nil {}
                #expect(throws: PostgresError.cancelled) { try session.run("SELECT 2") }
                return 7
            }
        }
        for await _ in started.stream {}
        task.cancel()
        #expect(try await task.value == 7)
    }

    @Test func aCancelThatComesAroundTheEndNeverHitsTheNextQuery() async throws {
        let connection = try await Database.connection()
        let backend = try await connection.backend()
        var random = SplitMix(seed: 7)
        var cancelled = 0
        for round in 0..<300 {
            let delay = Duration.microseconds(Int.random(in: 0..<3_000, using: &random))
            let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(0.001)") } }
            try await Task.sleep(for: delay)
            task.cancel()
            let error = await failure { try await task.value }
            if error != nil { cancelled += 1 }
            #expect(error == nil || error == .cancelled)
            let next = try await connection.perform { try $0.run("SELECT \(round)")[0].value(0, as: Int.self) }
            #expect(next == round)
        }
        #expect(cancelled > 10 && cancelled < 300)
        #expect(try await connection.backend() == backend)
    }

    @Test func aConnectionThatIsKilledInMidQueryIsLostAndMadeAgain() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        for _ in 0..<3 {
            let backend = try await connection.backend()
            let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
            try await observer.untilRunning("SELECT pg_sleep", on: backend)
            try await observer.perform { _ = try $0.run("SELECT pg_terminate_backend(\(backend))") }
            let error = await failure { try await task.value }
            #expect(error?.isConnectionLost == true, "\(String(describing: error))")
            #expect(error.map { "\($0)" }?.contains("57P01") == true)
            #expect(try await connection.backend() != backend)
        }
    }

    @Test func aConnectionThatIsKilledWhileIdleIsMadeAgainUnnoticed() async throws {
        let connection = try await Database.connection()
        let observer = try await Database.connection()
        for _ in 0..<20 {
            let backend = try await connection.backend()
            try await observer.perform { _ = try $0.run("SELECT pg_terminate_backend(\(backend), 5000)") }
            #expect(try await connection.backend() != backend)
        }
    }

    @Test func workAfterALostConnectionIsRefusedUntilTheNextPerform() async throws {
        let connection = try await Database.connection()
        try await connection.perform { session in
            #expect(throws: PostgresError.self) {
                try session.run("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            let error = #expect(throws: PostgresError.self) { try session.run("SELECT 1") }
            #expect(error?.isConnectionLost == true)
        }
        #expect(try await connection.perform { try $0.run("SELECT 1")[0].value(0, as: Int.self) } == 1)
    }

    @Test func aStatementThatTakesTooLongIsTheServersError() async throws {
        let connection = try await Database.connection { $0.statementTimeout = .milliseconds(50) }
        let backend = try await connection.backend()
        let error = await failure { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
        #expect(error?.state == .queryCanceled)
        #expect(try await connection.backend() == backend)
    }

    @Test func aLockThatTakesTooLongIsTheServersError() async throws {
        let holder = try await Database.connection()
        let connection = try await Database.connection { $0.lockTimeout = .milliseconds(50) }
        let table = try await Database.table(holder)
        try await holder.perform { session in
            try session.transaction { transaction in
                try transaction.run("LOCK TABLE \(unsafeSQL: table)")
                let done = DispatchSemaphore(value: 0)
                Task {
                    let error = await failure { try await connection.numbers(in: table) }
                    #expect(error?.state == .lockNotAvailable)
                    done.signal()
                }
                // On the connection's thread, which may wait.
                done.wait()
            }
        }
    }

    @Test func aClosedConnectionRefusesWork() async throws {
        let connection = try await Database.connection()
        _ = try await connection.backend()
        await connection.close()
        #expect(await failure { try await connection.backend() } == .closed)
    }

    @Test func waitingForTheServerHoldsUpNobodyElse() async throws {
        let settings = try await Database.settings()
        let connections = try (0..<50).map { _ in try PostgresConnection(settings) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connection in connections { group.addTask { _ = try await connection.backend() } }
            try await group.waitForAll()
        }
        let ticks = Task {
            var ticks = 0
            while !Task.isCancelled {
                await Task.yield()
                ticks += 1
            }
            return ticks
        }
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for connection in connections {
                group.addTask { try await connection.perform { _ = try $0.run("SELECT pg_sleep(1)") } }
            }
            try await group.waitForAll()
        }
        let time = ContinuousClock.now - start
        ticks.cancel()
        #expect(time >= .seconds(1) && time < .seconds(10))
        #expect(await ticks.value > 1_000)
    }

    @Test func workRunsOnOneThreadOfItsOwn() async throws {
        let connection = try await Database.connection()
        let other = try await Database.connection()
        let thread = { @Sendable (_: PostgresSession) in pthread_self() }
        let first = try await connection.perform(thread)
        for _ in 0..<10 { #expect(try await connection.perform(thread) == first) }
        #expect(try await other.perform(thread) != first)
    }
}
