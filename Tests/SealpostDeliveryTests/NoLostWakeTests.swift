import SealpostCore
import SealpostStore
import SealpostTesting
import Synchronization
import Testing

@testable import SealpostDelivery

/// P2, P4 and P6 together: readers that only ever wait.
@Suite("MailService loses no wake", .timeLimit(.minutes(3))) struct NoLostWakeTests {
    private static let lettersPerWriter = 60

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `readers that wait get everything in order among deposits, withdrawals and acknowledgements`(
        seed: UInt64
    ) async throws {
        try await MailFixture.run { service in
            let writers = [try await service.people.person("anna"), try await service.people.person("ben")]
            var readers: [Person] = []
            for name in ["carol", "dave", "erin"] { readers.append(try await service.people.person(name)) }
            try await withThrowingTaskGroup { group in
                for (index, reader) in readers.enumerated() {
                    let isDone = Flag()
                    let seed = seed * 1000 + UInt64(index) * 10
                    for (offset, writer) in writers.enumerated() {
                        group.addTask {
                            try await Self.write(
                                from: writer, to: reader, service, SplitMix(seed: seed + UInt64(offset)))
                        }
                    }
                    group.addTask {
                        try await Self.read(
                            reader, through: Int64(writers.count * Self.lettersPerWriter), service,
                            SplitMix(seed: seed + 5))
                        isDone.raise()
                    }
                    group.addTask { try await Self.disturb(reader, until: isDone, service, SplitMix(seed: seed + 6)) }
                }
                try await group.waitForAll()
            }
        }
    }

    /// With nothing after it that would wake the poll instead: a wake that is lost here is seen.
    @Test func `the only deposit that ever comes ends the poll, whatever the poll is just doing`() async throws {
        try await MailFixture.run { service in
            let writer = try await service.people.person("anna")
            try await withThrowingTaskGroup { group in
                for index in 0..<12 {
                    let reader = try await service.people.person("reader\(index)")
                    group.addTask {
                        var random = SplitMix(seed: UInt64(index))
                        for cursor in 0..<40 as Range<Int64> {
                            async let outcome = service.poll(reader, after: cursor, wait: .seconds(20))
                            for _ in 0..<Int.random(in: 0..<60, using: &random) { await Task.yield() }
                            try await service.send(service.people.letter(from: writer, to: reader))
                            let ended = try await outcome
                            #expect(ended.end == nil)
                            #expect(try ended.page.outline == "\(cursor + 1)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Deposits, and takes back some of it.
    private static func write(
        from writer: Person, to reader: Person, _ service: MailFixture, _ random: SplitMix
    ) async throws {
        var random = random
        for _ in 0..<lettersPerWriter {
            let letter = try service.people.letter(from: writer, to: reader)
            try await service.send(letter)
            if Int.random(in: 0..<5, using: &random) == 0 {
                try await service.mail.withdraw(
                    Withdrawal(
                        recipient: reader.handle, device: letter.envelopes[0].device,
                        depositor: .account(writer.id), id: letter.id))
            }
            for _ in 0..<Int.random(in: 0..<30, using: &random) { await Task.yield() }
        }
    }

    /// Reads through a seq by waiting alone; acknowledges now and then, all or some.
    private static func read(
        _ reader: Person, through last: Int64, _ service: MailFixture, _ random: SplitMix
    ) async throws {
        var random = random
        var cursor: Int64 = 0
        while cursor < last {
            let outcome = try await service.poll(
                reader, after: cursor, limit: Int.random(in: 1...20, using: &random))
            #expect(outcome.end == nil || outcome.end == .superseded, "after \(cursor)")
            for item in try outcome.page.items {
                switch item {
                case .envelope(let envelope): #expect(envelope.seq.value == cursor + 1)
                case .tombstone(let tombstone): #expect(tombstone.from.value <= cursor + 1)
                }
                #expect(item.end.value > cursor)
                cursor = item.end.value
            }
            #expect(try outcome.page.cursor.value == cursor)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                _ = try await service.mail.acknowledge(
                    Ack(mailbox: reader.mailbox(1), extent: .through(Sequence(cursor))))
            case 1:
                let seqs = (0..<3).map { _ in Sequence(Int64.random(in: 0...cursor, using: &random)) }
                _ = try await service.mail.acknowledge(Ack(mailbox: reader.mailbox(1), extent: .seqs(seqs)))
            default: break
            }
        }
    }

    /// Other polls on the same mailbox that come and go.
    private static func disturb(
        _ reader: Person, until isDone: Flag, _ service: MailFixture, _ random: SplitMix
    ) async throws {
        var random = random
        while !isDone.isRaised {
            let poll = Task { try await service.poll(reader, wait: .milliseconds(200)) }
            for _ in 0..<Int.random(in: 0..<50, using: &random) { await Task.yield() }
            if Bool.random(using: &random) { poll.cancel() }
            _ = try await poll.value
        }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
