import SealpostCore
import Synchronization
import Testing

@testable import SealpostClient

struct OpeningGuardTests {
    /// A clock that stands until it is moved, and a count of openings taken.
    private final class World: Sendable {
        let now = Mutex(Timestamp(milliseconds: 1_000_000))
        let taken = Mutex(0)

        func ensure(_ guarded: OpeningGuard) async throws {
            let clock = { @Sendable in self.now.withLock { $0 } }
            try await guarded.ensure(now: clock) { self.taken.withLock { $0 += 1 } }
        }

        func move(_ duration: Duration) { now.withLock { $0 = $0 + duration } }
        var count: Int { taken.withLock { $0 } }
    }

    private let world = World()
    private let guarded = OpeningGuard()

    @Test func oneIsTakenBeforeTheFirstUseAndNotAgainAtOnce() async throws {
        try await world.ensure(guarded)
        try await world.ensure(guarded)
        #expect(world.count == 1)
    }

    @Test func anotherIsTakenAfterAHundredSends() async throws {
        try await world.ensure(guarded)
        for _ in 0..<99 { await guarded.countSend() }
        try await world.ensure(guarded)
        #expect(world.count == 1)
        await guarded.countSend()
        try await world.ensure(guarded)
        #expect(world.count == 2)
    }

    @Test func anotherIsTakenAfterTenMinutesOrWhenTheClockGoesBack() async throws {
        try await world.ensure(guarded)
        world.move(.minutes(10) - .seconds(1))
        try await world.ensure(guarded)
        #expect(world.count == 1)
        world.move(.seconds(1))
        try await world.ensure(guarded)
        #expect(world.count == 2)
        world.move(.seconds(-5))
        try await world.ensure(guarded)
        #expect(world.count == 3)
    }

    @Test func oneThatFailedIsTakenAgain() async throws {
        await #expect(throws: ClientError.self) {
            let clock = { @Sendable in Timestamp.now }
            try await guarded.ensure(now: clock) { () throws(ClientError) in throw .rolledBack }
        }
        try await world.ensure(guarded)
        #expect(world.count == 1)
    }
}
