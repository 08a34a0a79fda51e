import PostgresKit
import SealpostTesting
import Synchronization
import Testing

@Suite struct PoolTests {
    private func pool(
        limit: Int, patience: Duration = .seconds(20), _ change: (inout PostgresSettings) -> Void = { _ in }
    ) async throws -> PostgresPool {
        PostgresPool(try await Database.settings(change), limit: limit, patience: patience)
    }

    /// Work that lasts until it is told to end.
    private final class Occupation: Sendable {
        private let isOver = Mutex(false)

        func end() { isOver.withLock { $0 = true } }

        func task(in pool: PostgresPool) async throws -> Task<Int32, any Error> {
            let begun = Promise<Void>()
            let task = Task {
                try await pool.perform { [self] session in
                    begun.keep(())
                    // On the connection's thread.
                    while !isOver.withLock({ $0 }) { _ = try session.run("SELECT pg_sleep(0.002)") }
                    return session.backend
                }
            }
            await begun.value
            return task
        }
    }

    @Test func workRunsOnFewConnectionsAndTheyAreUsedAgain() async throws {
        let pool = try await pool(limit: 4)
        let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<200 {
                group.addTask { try await pool.perform { try $0.run("SELECT pg_backend_pid()")[0].value(0) } }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect((1...4).contains(backends.count))
        #expect(pool.leased == 0 && pool.waiting == 0)
        // One caller at a time needs one.
        var quiet = Set<Int32>()
        for _ in 0..<10 { quiet.insert(try await pool.perform { $0.backend }) }
        #expect(quiet.count == 1)
        await pool.close()
    }

    @Test func aPoolThatIsExhaustedSaysSoAfterItsPatience() async throws {
        let pool = try await pool(limit: 1, patience: .milliseconds(100))
        let occupation = Occupation()
        let first = try await occupation.task(in: pool)
        #expect(pool.leased == 1)
        let start = ContinuousClock.now
        #expect(await failure { try await pool.perform { $0.backend } } == .exhausted)
        let time = ContinuousClock.now - start
        #expect(time >= .milliseconds(100) && time < .milliseconds(600))
        #expect(pool.waiting == 0)
        occupation.end()
        let backend = try await first.value
        #expect(try await pool.perform { $0.backend } == backend)
    }

    @Test func aPoolWithoutPatienceLeavesNobodyWaiting() async throws {
        let pool = try await pool(limit: 1, patience: .zero)
        let occupation = Occupation()
        let first = try await occupation.task(in: pool)
        await withTaskGroup(of: PostgresError?.self) { group in
            for _ in 0..<500 { group.addTask { await failure { try await pool.perform { $0.backend } } } }
            for await error in group { #expect(error == .exhausted) }
        }
        #expect(pool.waiting == 0)
        occupation.end()
        _ = try await first.value
    }

    @Test func aWaitingCallerThatIsCancelledGoesAndTheOthersAreServedInTurn() async throws {
        let pool = try await pool(limit: 1)
        let occupation = Occupation()
        let first = try await occupation.task(in: pool)
        let order = Mutex<[Int]>([])
        var tasks: [Task<Void, any Error>] = []
        for number in 0..<5 {
            tasks.append(
                Task { @Sendable in try await pool.perform { _ in order.withLock { $0.append(number) } } })
            while pool.waiting <= number { await Task.yield() }
        }
        tasks[1].cancel()
        tasks[3].cancel()
        #expect(await failure { try await tasks[1].value } == .cancelled)
        #expect(await failure { try await tasks[3].value } == .cancelled)
        #expect(pool.waiting == 3)
        occupation.end()
        _ = try await first.value
        for index in [0, 2, 4] { try await tasks[index].value }
        #expect(order.withLock { $0 } == [0, 2, 4])
        #expect(pool.leased == 0 && pool.waiting == 0)
    }

    @Test func aCallerThatIsCancelledAlreadyDoesNotWait() async throws {
        let pool = try await pool(limit: 1)
        let occupation = Occupation()
        let first = try await occupation.task(in: pool)
        let second = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await pool.perform { $0.backend }
        }
        second.cancel()
        let start = ContinuousClock.now
        #expect(await failure { try await second.value } == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(10))
        occupation.end()
        _ = try await first.value
    }

    @Test func aStormOfCancellationsLosesNothing() async throws {
        let pool = try await pool(limit: 4)
        let done = Counter()
        let cancelled = Counter()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    var random = SplitMix(seed: UInt64(number))
                    let task = Task {
                        try await pool.perform { session in
                            try session.transaction { transaction in
                                try transaction.run("SELECT pg_sleep(0.001)")
                                return try transaction.commit(with: ["SELECT \(number)"])[0][0].value(0, as: Int.self)
                            }
                        }
                    }
                    if Bool.random(using: &random) {
                        try? await Task.sleep(for: .microseconds(Int.random(in: 0..<300_000, using: &random)))
                        task.cancel()
                    }
                    do {
                        #expect(try await task.value == number)
                        done.add()
                    } catch {
                        #expect(error as? PostgresError == .cancelled)
                        cancelled.add()
                    }
                }
            }
        }
        #expect(done.value > 400)
        #expect(cancelled.value > 20)
        #expect(pool.leased == 0 && pool.waiting == 0)
        // All four at once.
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask {
                    try await pool.perform {
                        try $0.run("SELECT \(number) FROM pg_sleep(0.05)")[0].value(0, as: Int.self)
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sums == 6)
    }

    @Test func aClosedPoolRefusesWhoComesAndWhoWaitsAndLetsWorkEnd() async throws {
        let pool = try await pool(limit: 2) { $0.applicationName = "closing" }
        let observer = try await Database.connection()
        let occupation = Occupation()
        let first = try await occupation.task(in: pool)
        let second = try await occupation.task(in: pool)
        let waiting = Task { try await pool.perform { $0.backend } }
        while pool.waiting == 0 { await Task.yield() }
        await pool.close()
        #expect(await failure { try await waiting.value } == .closed)
        #expect(await failure { try await pool.perform { $0.backend } } == .closed)
        occupation.end()
        #expect(try await first.value != second.value)
        #expect(pool.leased == 0)
        // The pool is still held, and its connections are not.
        try await observer.until(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = \("closing"))")
        #expect(await failure { try await pool.perform { $0.backend } } == .closed)
    }

    @Test func aConnectionThatWasLostIsMadeAgain() async throws {
        let pool = try await pool(limit: 1)
        let before = try await pool.perform { $0.backend }
        let error = await failure {
            try await pool.perform { _ = try $0.run("SELECT pg_terminate_backend(pg_backend_pid())") }
        }
        if case .connectionLost = error {} else { Issue.record("\(String(describing: error))") }
        #expect(try await pool.perform { $0.backend } != before)
        #expect(pool.leased == 0)
    }
}
