import PostgresKit
import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostStorePostgres

@Suite struct WakeMessageTests {
    private func mailbox(_ account: Int64, _ device: UInt32) throws -> RemoteWake {
        .mailbox(MailboxKey(account: AccountID(account), device: try Sample.device(device)))
    }

    @Test func `wakes are read as they were written`() throws {
        let wakes = [try mailbox(1, 1), try mailbox(.max, 10), .account(AccountID(7))]
        let texts = WakeMessage.texts(of: wakes, from: "node")
        #expect(texts.count == 1)
        let message = WakeMessage(texts[0])
        #expect(message.node == "node")
        #expect(message.wakes == wakes)
    }

    @Test func `many wakes are as few messages as PostgreSQL takes`() throws {
        let wakes = try (0..<5_000).map { try mailbox(1_000_000_000 + Int64($0), 1) }
        let texts = WakeMessage.texts(of: wakes, from: "node")
        #expect(texts.allSatisfy { $0.utf8.count < 8_000 })
        #expect(texts.count == 9)
        #expect(texts.flatMap { WakeMessage($0).wakes } == wakes)
    }

    @Test(arguments: ["", "node", "node x1.1 m m1 m1.2.3 m1.0 mx.1 a ax a1.1", "node  m1.-1"])
    func `what is not understood is passed over`(_ text: String) {
        #expect(WakeMessage(text).wakes == [])
    }

    @Test func `no wakes are no message`() {
        #expect(WakeMessage.texts(of: [], from: "node") == [])
    }
}

/// Two nodes' channels on one database, and what each of them hears.
@Suite struct WakeChannelTests {
    private static func isConnected(_ event: WakeEvent) -> Bool {
        if case .connected = event { true } else { false }
    }

    private func withChannels(
        _ work: ([PostgresWakeChannel], [AsyncStream<WakeEvent>], StorePlace) async throws -> Void
    ) async throws {
        let place = try StorePlace()
        let stores = [try await place.store(), try await place.store()]
        let streams = stores.map { _ in AsyncStream<WakeEvent>.makeStream() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (store, stream) in zip(stores, streams) {
                group.addTask { await store.wakes.run { stream.continuation.yield($0) } }
            }
            for stream in streams { for await event in stream.stream where Self.isConnected(event) { break } }
            try await work(stores.map(\.wakes), streams.map(\.stream), place)
            group.cancelAll()
        }
        for store in stores { await store.close() }
    }

    private func mailbox(_ account: Int64) throws -> RemoteWake {
        .mailbox(MailboxKey(account: AccountID(account), device: try Sample.device(1)))
    }

    /// Waits until all of these were heard.
    private func hear(_ wakes: Set<RemoteWake>, on stream: AsyncStream<WakeEvent>) async -> [RemoteWake] {
        var heard: [RemoteWake] = []
        for await event in stream {
            if case .woken(let wakes) = event { heard += wakes }
            if wakes.isSubset(of: heard) { break }
        }
        return heard
    }

    @Test(.timeLimit(.minutes(1)))
    func `what one node publishes the other hears, and not itself`() async throws {
        try await withChannels { channels, streams, _ in
            let first = try (1...3_000).map { try mailbox(Int64($0)) }
            let second = [RemoteWake.account(AccountID(1))]
            for wake in first { channels[0].publish([wake]) }
            #expect(await hear(Set(first), on: streams[1]).count == 3_000)
            channels[1].publish(second)
            // Had it heard its own, they would have come before.
            #expect(await hear(Set(second), on: streams[0]) == second)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a lost connection is told, and what is published when it is back is heard`() async throws {
        try await withChannels { channels, streams, place in
            let cut = try await PostgresCluster.shared.psql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'sealpost listen' AND datname = current_database()
                """, database: try await place.database())
            #expect(cut == "2")
            var wasCut = false
            for await event in streams[1] {
                if case .disconnected = event { wasCut = true }
                if Self.isConnected(event) { break }
            }
            #expect(wasCut)
            let wake = try mailbox(1)
            channels[0].publish([wake])
            #expect(await hear([wake], on: streams[1]).contains(wake))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `what could not be sent because the connection was cut is sent again`() async throws {
        try await withChannels { channels, streams, place in
            let database = try await place.database()
            let wakes = try (1...20).map { try mailbox(Int64($0)) }
            for wake in wakes {
                try await PostgresCluster.shared.psql(
                    """
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE application_name = 'sealpost' AND datname = current_database()
                    """, database: database)
                channels[0].publish([wake])
            }
            #expect(await hear(Set(wakes), on: streams[1]).count >= 20)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a node that leaves tells what it published last`() async throws {
        let place = try StorePlace()
        let leaving = try await place.store()
        let staying = try await place.store()
        let (events, continuation) = AsyncStream<WakeEvent>.makeStream()
        let wake = try mailbox(1)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await staying.wakes.run { continuation.yield($0) } }
            for await event in events where Self.isConnected(event) { break }
            let run = Task { await leaving.wakes.run { _ in } }
            run.cancel()
            leaving.wakes.publish([wake])
            await run.value
            #expect(await hear([wake], on: events).contains(wake))
            group.cancelAll()
        }
        await leaving.close()
        await staying.close()
    }
}
