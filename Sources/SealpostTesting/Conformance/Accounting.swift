import SealpostCore
import SealpostStore
import Testing

extension StoreConformance {
    static let accounting: [Case] = [
        Case("whatever happens to mailboxes, their counts, mail and tombstones are true") { fixture in
            for seed: UInt64 in 1...4 {
                var history = try await MailboxHistory(fixture, seed: seed)
                for _ in 0..<60 {
                    try await history.step()
                    try await history.check()
                }
            }
        }
    ]
}

/// Random calls on an account's two mailboxes beside a model of what must be in them.
private struct MailboxHistory {
    private struct Mail {
        var id: EnvelopeID
        var size: Int
        var expires: Timestamp
    }

    private struct Model {
        var head: Int64 = 0
        var acked: Int64 = 0
        var live: [Int64: Mail] = [:]
        /// Unacknowledged mail that went.
        var gone: Set<Int64> = []
    }

    private let fixture: StoreFixture
    private let alice: Person
    private let bob: Person
    private var random: SplitMix
    private var models: [UInt32: Model] = [1: Model(), 2: Model()]

    init(_ fixture: StoreFixture, seed: UInt64) async throws {
        self.fixture = fixture
        alice = try await fixture.person("alice\(seed)")
        bob = try await fixture.person("bob\(seed)", devices: 2)
        random = SplitMix(seed: seed)
    }

    mutating func step() async throws {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2: try await deposit()
        case 3: try await acknowledgeThrough()
        case 4: try await acknowledgeSome()
        case 5, 6: try await withdraw()
        case 7: _ = try await fixture.store.sweep(limit: Int.random(in: 1...3, using: &random))
        default: fixture.clock.advance(by: .seconds(Int.random(in: 1...15, using: &random)))
        }
        for device in models.keys { expire(device) }
    }

    /// Reads both mailboxes whole, in pages of a random size.
    mutating func check() async throws {
        for (device, model) in models {
            var cursor = model.acked
            var seqs: [Int64] = []
            var told: [Tombstone] = []
            var more = true
            while more {
                let page = try await fixture.page(
                    bob.mailbox(device), after: cursor, limit: Int.random(in: 1...7, using: &random))
                #expect(page.state.count == model.live.count)
                #expect(page.state.bytes == model.live.values.reduce(0) { $0 + $1.size })
                for item in page.items {
                    switch item {
                    case .envelope(let envelope):
                        #expect(envelope.id == model.live[envelope.seq.value]?.id)
                        seqs.append(envelope.seq.value)
                    case .tombstone(let tombstone):
                        told.append(tombstone)
                    }
                    #expect(item.end.value > cursor)
                    cursor = item.end.value
                }
                #expect(page.cursor.value == cursor)
                more = page.more
            }
            #expect(seqs == model.live.keys.filter { $0 > model.acked }.sorted())
            for tombstone in told {
                let span = tombstone.from.value...tombstone.through.value
                #expect(!model.live.keys.contains(where: span.contains), "\(span) spans live mail")
                #expect(tombstone.count >= model.gone.count(where: span.contains))
            }
            for seq in model.gone where seq > model.acked {
                #expect(told.contains { $0.from.value <= seq && seq <= $0.through.value }, "\(seq) vanished")
            }
        }
    }

    private mutating func expire(_ device: UInt32) {
        let now = fixture.clock.now
        for (seq, mail) in models[device]?.live ?? [:] where mail.expires <= now {
            models[device]?.live[seq] = nil
            models[device]?.gone.insert(seq)
        }
    }

    private mutating func deposit() async throws {
        var batch: [Deposit] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let devices: [UInt32] = [[1], [2], [1, 2]].randomElement(using: &random) ?? [1]
            let ttl = [10, 20, 60, 86_400].randomElement(using: &random) ?? 10
            let content = String(repeating: "x", count: Int.random(in: 1...40, using: &random))
            batch.append(
                try fixture.letter(
                    from: alice, to: bob, devices: devices, content: content, ttl: .seconds(ttl), coverage: .ignore))
        }
        // Each once more: a repeat changes nothing.
        for (index, outcome) in try await fixture.store.deposit(batch + batch).enumerated() {
            guard case .accepted(let receipt) = outcome else { throw FixtureFailure("not accepted: \(outcome)") }
            #expect(receipt.new == (index < batch.count))
            guard receipt.new else { continue }
            for (item, envelope) in zip(receipt.items, batch[index].envelopes) {
                guard case .stored(let seq, let expires) = item.outcome else { continue }
                let device = item.device.value
                models[device]?.head += 1
                #expect(seq.value == models[device]?.head)
                models[device]?.live[seq.value] = Mail(
                    id: batch[index].id, size: envelope.content.count, expires: expires)
            }
        }
    }

    private mutating func acknowledgeThrough() async throws {
        let device = UInt32.random(in: 1...2, using: &random)
        guard var model = models[device] else { return }
        let seq = Int64.random(in: model.acked...model.head, using: &random)
        model.acked = seq
        model.live = model.live.filter { $0.key > seq }
        models[device] = model
        let outcome = try await fixture.acknowledge(bob.mailbox(device), .through(Sequence(seq)))
        guard case .acked(Sequence(seq), _, _) = outcome else { throw FixtureFailure("\(outcome)") }
    }

    private mutating func acknowledgeSome() async throws {
        let device = UInt32.random(in: 1...2, using: &random)
        guard let head = models[device]?.head, head > 0 else { return }
        let seqs = (0..<3).map { _ in Int64.random(in: 1...head, using: &random) }
        // Also what is over and not yet swept is acknowledged: only then it leaves no tombstone, which would do, too.
        for seq in seqs { models[device]?.live[seq] = nil }
        try await fixture.acknowledge(bob.mailbox(device), .seqs(seqs.map { Sequence($0) }))
        models[device]?.gone.subtract(seqs)
    }

    private mutating func withdraw() async throws {
        let device = UInt32.random(in: 1...2, using: &random)
        guard let (seq, mail) = models[device]?.live.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        let withdrawal = Withdrawal(
            recipient: bob.handle, device: try Sample.device(device), depositor: .account(alice.id), id: mail.id)
        #expect(try await fixture.store.withdraw(withdrawal) == bob.mailbox(device))
        #expect(try await fixture.store.withdraw(withdrawal) == nil)
        models[device]?.live[seq] = nil
        models[device]?.gone.insert(seq)
    }
}
