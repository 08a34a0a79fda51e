import PostgresKit
import SealpostTesting
import Testing

@Suite struct ListenerTests {
    /// A listener that runs, and what it says.
    private final class Ear: Sendable {
        let events: AsyncStream<PostgresListener.Event>
        let task: Task<Void, Never>

        init(_ settings: PostgresSettings, _ channels: [String], heartbeat: Duration = .seconds(5)) throws {
            let (events, continuation) = AsyncStream.makeStream(of: PostgresListener.Event.self)
            let listener = try PostgresListener(settings, channels: channels, heartbeat: heartbeat)
            self.events = events
            task = Task {
                await listener.run { continuation.yield($0) }
                continuation.finish()
            }
        }

        deinit { task.cancel() }
    }

    private func isDisconnected(_ event: PostgresListener.Event?) -> Bool {
        if case .disconnected = event { true } else { false }
    }

    @Test func whatAnotherConnectionSaysIsHeardWithItsPayload() async throws {
        let speaker = try await Database.connection()
        let channels = [Database.name("one"), Database.name("two")]
        let ear = try Ear(try await Database.settings(), channels)
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        let backend = try await speaker.backend()
        try await speaker.perform { session in
            for payload in ["", "Grüße", String(repeating: "x", count: 7_000)] {
                _ = try session.run("SELECT pg_notify(\(channels[0]), \(payload))")
            }
            _ = try session.run("SELECT pg_notify(\(Database.name()), 'not for us')")
            _ = try session.run("SELECT pg_notify(\(channels[1]), 'last')")
        }
        for payload in ["", "Grüße", String(repeating: "x", count: 7_000)] {
            guard case .notification(let heard) = await events.next() else {
                Issue.record("something else")
                return
            }
            #expect(heard.channel == channels[0] && heard.payload == payload && heard.backend == backend)
        }
        guard case .notification(let heard) = await events.next() else {
            Issue.record("something else")
            return
        }
        #expect(heard.channel == channels[1] && heard.payload == "last")
    }

    @Test func manyNotificationsAreHeardInOrder() async throws {
        let speaker = try await Database.connection()
        let channel = Database.name("many")
        let ear = try Ear(try await Database.settings(), [channel], heartbeat: .milliseconds(1))
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        let speaking = Task {
            try await speaker.perform { session in
                for round in 0..<50 {
                    _ = try session.pipeline((0..<20).map { "SELECT pg_notify(\(channel), \("\(round * 20 + $0)"))" })
                }
            }
        }
        for number in 0..<1_000 {
            guard case .notification(let heard) = await events.next() else {
                Issue.record("something else than \(number)")
                return
            }
            #expect(heard.payload == "\(number)")
        }
        try await speaking.value
    }

    @Test func aListenerThatIsKilledSaysSoAndHearsAgain() async throws {
        let speaker = try await Database.connection()
        let channel = Database.name("killed")
        let ear = try Ear(try await Database.settings { $0.applicationName = channel }, [channel])
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        for round in 0..<3 {
            try await speaker.perform { session in
                _ = try session.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \(channel)")
            }
            #expect(isDisconnected(await events.next()))
            #expect(await events.next() == .connected)
            try await speaker.perform { _ = try $0.run("SELECT pg_notify(\(channel), \("\(round)"))") }
            guard case .notification(let heard) = await events.next() else {
                Issue.record("something else")
                return
            }
            #expect(heard.payload == "\(round)")
        }
    }

    @Test func aCancelledListenerEndsAtOnce() async throws {
        let ear = try Ear(try await Database.settings(), [Database.name()], heartbeat: .seconds(60))
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        let start = ContinuousClock.now
        ear.task.cancel()
        await ear.task.value
        #expect(ContinuousClock.now - start < .milliseconds(500))
        #expect(await events.next() == nil)
    }

    @Test func aListenerThatCannotConnectSaysSoAgainAndAgainAndCanBeCancelled() async throws {
        let port = try FreePort.find()
        let ear = try Ear(PostgresSettings(url: "postgres://127.0.0.1:\(port)/x"), ["x"])
        var events = ear.events.makeAsyncIterator()
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(isDisconnected(await events.next())) }
        // With pauses.
        #expect(ContinuousClock.now - start >= .milliseconds(75))
        ear.task.cancel()
        await ear.task.value
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test func aFrozenLineIsNoticedByTheHeartbeatAndACancelDoesNotWaitForIt() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        let settings = PostgresSettings(
            url: wire.url, connectTimeout: .seconds(60), statementTimeout: .seconds(60), patience: .milliseconds(200))
        let ear = try Ear(settings, [Database.name()], heartbeat: .milliseconds(100))
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        let start = ContinuousClock.now
        wire.freeze()
        #expect(await events.next() == .disconnected(.timedOut))
        #expect(ContinuousClock.now - start < .seconds(1))
        // Now it connects to one that says nothing.
        while wire.accepted < 2 { await Task.yield() }
        let cancelled = ContinuousClock.now
        ear.task.cancel()
        await ear.task.value
        #expect(ContinuousClock.now - cancelled < .milliseconds(500))
    }

    @Test func aCancelDoesNotWaitForASignOfLife() async throws {
        let wire = try await Wire(to: PostgresCluster.shared.port)
        defer { wire.end() }
        let ear = try Ear(
            PostgresSettings(url: wire.url, patience: .seconds(60)), [Database.name()], heartbeat: .milliseconds(20))
        var events = ear.events.makeAsyncIterator()
        #expect(await events.next() == .connected)
        wire.freeze()
        while !wire.isHolding { await Task.yield() }
        let start = ContinuousClock.now
        ear.task.cancel()
        await ear.task.value
        #expect(ContinuousClock.now - start < .milliseconds(500))
    }
}
