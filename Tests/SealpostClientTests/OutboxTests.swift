import SealpostCore
import Testing

@testable import SealpostClient

struct OutboxTests {
    let place = TemporaryPlace()
    let start = Timestamp(milliseconds: 1_000_000)

    /// Queues texts to these handles in this order.
    private func profile(queuing handles: [String], due: [Timestamp?] = []) async throws -> Profile {
        let profile = try await place.create()
        let start = start
        try await profile.transaction { transaction in
            for (index, handle) in handles.enumerated() {
                try transaction.queue(
                    .text("\(index)", replyTo: nil), id: "\(index)", to: try #require(Handle(handle)),
                    due: index < due.count ? due[index] : nil, isAutomatic: false, now: start)
            }
        }
        return profile
    }

    private func next(
        _ profile: Profile, at now: Timestamp? = nil, skipping: [String] = [], ignoringBackoff: Bool = false
    ) async throws -> [String] {
        let now = now ?? start
        let blocked = Set(skipping.compactMap { Handle($0) })
        return try await profile.transaction {
            try $0.dueInOutbox(now: now, skipping: blocked, ignoringBackoff: ignoringBackoff).map(\.id)
        }
    }

    private func change(_ profile: Profile, _ number: Int64, _ body: @escaping @Sendable (inout OutboxRecord) -> Void)
        async throws
    {
        try await profile.transaction { transaction in
            var record = try #require(try transaction.outboxRecord(number))
            body(&record)
            try transaction.setOutbox(record)
        }
    }

    @Test func theOldestGoesFirst() async throws {
        let profile = try await profile(queuing: ["bob", "carol", "bob"])
        #expect(try await next(profile) == ["0", "1", "2"])
        #expect(try await next(profile, skipping: ["bob"]) == ["1"])
    }

    @Test func nothingOvertakesWhatWaitsForTheSameRecipient() async throws {
        let profile = try await profile(queuing: ["bob", "bob", "carol"])
        let later = start + .seconds(60)
        try await change(profile, 1) { $0.nextAttempt = later }
        #expect(try await next(profile) == ["2"])
        #expect(try await next(profile, ignoringBackoff: true) == ["0", "1", "2"])
        #expect(try await next(profile, at: later) == ["0", "1", "2"])
    }

    @Test func whatWasGivenUpHoldsNobodyUp() async throws {
        let profile = try await profile(queuing: ["bob", "bob"])
        try await change(profile, 1) { $0.failure = "gone" }
        #expect(try await next(profile) == ["1"])
    }

    @Test func aLaterTimeIsKeptAndLetsOthersPass() async throws {
        let later = start + .seconds(60)
        let profile = try await profile(queuing: ["bob", "bob"], due: [later])
        #expect(try await next(profile) == ["1"])
        #expect(try await next(profile, at: later) == ["1", "0"])
    }

    @Test func pausesDoubleUpToAnHourAndObeyTheServer() throws {
        var record = OutboxRecord(
            number: 1, id: "i", recipient: try #require(Handle("bob")), body: .text("", replyTo: nil), created: start,
            due: start)
        var pauses: [Duration] = []
        for _ in 0..<12 {
            record.backOff("down", retryAfter: nil, now: start, jitter: 1)
            pauses.append(try #require(record.nextAttempt) - start)
        }
        #expect(pauses.prefix(4) == [.seconds(5), .seconds(10), .seconds(20), .seconds(40)])
        #expect(pauses.last == .seconds(3600))
        record.attempts = 0
        record.backOff("slow down", retryAfter: .seconds(90), now: start, jitter: 1)
        #expect(try #require(record.nextAttempt) - start == .seconds(90))
    }

    @Test func anEntryIsOverSixDaysAfterItWasDue() throws {
        var record = OutboxRecord(
            number: 1, id: "i", recipient: try #require(Handle("bob")), body: .text("", replyTo: nil), created: start,
            due: start)
        #expect(!record.isOver(start + .days(6) - .seconds(1)))
        #expect(record.isOver(start + .days(6)))
        record.due = start + .days(3)
        #expect(!record.isOver(start + .days(6)))
    }
}
