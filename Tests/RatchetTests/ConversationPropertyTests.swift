import Ratchet
import SealpostFormats
import SodiumKit
import Testing

/// A generator that can be started again from its seed, which a failing test prints.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}

@Suite struct ConversationPropertyTests {
    /// Mail under way to one device.
    struct Wire {
        var waiting: [(text: String, envelope: [UInt8])] = []
        var delivered: Set<String> = []
    }

    @Test(arguments: 1...12)
    func `in any order, with loss and repeats, each message decrypts exactly once or changes nothing`(
        seed: Int
    ) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let (alice, bob) = Device.pair()
        let devices = [alice, bob]
        var wires = [Wire(), Wire()]
        var handshakes = 0
        if seed % 2 == 0 { try bob.open(alice) }
        try alice.open(bob)

        for step in 0..<250 {
            let side = Int.random(in: 0...1, using: &generator)
            let (device, peer) = (devices[side], devices[1 - side])
            switch Int.random(in: 0..<20, using: &generator) {
            case 0 where handshakes < 6:
                handshakes += 1
                try device.open(peer, oneTime: Bool.random(using: &generator) ? nil : 0)
            case 0..<9 where device.book.active != nil:
                let text = "\(side) \(step)"
                wires[1 - side].waiting.append((text, try device.send(text)))
            case 9 where !wires[side].waiting.isEmpty:
                // Stored and read back between two messages.
                device.book = try SessionBook(serialized: device.book.serialized())
                device.prekeys = try PrekeyStore(serialized: device.prekeys.serialized())
            default:
                guard let index = wires[side].waiting.indices.randomElement(using: &generator) else { continue }
                let (text, envelope) = wires[side].waiting[index]
                let isRepeat = wires[side].delivered.contains(text)
                let fate = Int.random(in: 0..<10, using: &generator)
                if fate > 1 { wires[side].waiting.remove(at: index) }
                if fate == 9 { continue }
                if isRepeat {
                    #expect(device.refusal(of: envelope) != nil, "seed \(seed), step \(step)")
                } else {
                    receive(text, envelope, with: device, &wires[side].delivered, "seed \(seed), step \(step)")
                }
            }
        }

        try converge(alice, bob)
    }

    /// A message that comes for the first time decrypts, unless its handshake's one-time key went to another one.
    private func receive(
        _ text: String, _ envelope: [UInt8], with device: Device, _ delivered: inout Set<String>, _ place: Comment
    ) {
        let before = (device.book, device.prekeys)
        do {
            #expect(try device.receive(envelope) == text, place)
            delivered.insert(text)
        } catch RatchetError.unknownPrekey {
            #expect(device.book == before.0, place)
            #expect(device.prekeys == before.1, place)
        } catch {
            Issue.record(error, place)
        }
    }

    /// After a few turns of quiet talk both sides use one session.
    private func converge(_ alice: Device, _ bob: Device) throws {
        try alice.open(bob, oneTime: nil)
        for round in 0..<3 {
            #expect(try bob.receive(try alice.send("a\(round)")) == "a\(round)")
            #expect(try alice.receive(try bob.send("b\(round)")) == "b\(round)")
        }
        #expect(alice.book.active?.mark == bob.book.active?.mark)
    }

    /// A valid envelope, whom it is for, and which of its bytes a session that is there already does not look at.
    struct Target {
        let device: Device
        let envelope: [UInt8]
        var unread: [Range<Int>] = []
    }

    @Test func `mutated and cut envelopes are refused and never change anything`() throws {
        var generator = SeededGenerator(seed: 99)
        let (stranger, newcomer) = Device.pair()
        try stranger.open(newcomer)
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let repeated = try alice.send("one")
        _ = try bob.receive(try alice.send("zero"))
        let targets = [
            Target(device: newcomer, envelope: try stranger.send("first")),
            // A repeated handshake's prekey ids and KEM ciphertext: only its mark is compared.
            Target(device: bob, envelope: repeated, unread: [66..<74, 78..<78 + 1_568]),
            Target(device: alice, envelope: try bob.send("two")),
        ]
        for round in 0..<600 {
            let target = targets[round % targets.count]
            var bytes = target.envelope
            if round % 5 == 0 {
                bytes = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)))
            } else {
                for _ in 0...Int.random(in: 0..<4, using: &generator) {
                    let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= bit
                }
            }
            let before = (target.device.book, target.device.prekeys)
            guard target.device.refusal(of: bytes) == nil else { continue }
            (target.device.book, target.device.prekeys) = before
            #expect(bytes.count == target.envelope.count, "round \(round)")
            let changed = zip(bytes, target.envelope).enumerated().filter { $1.0 != $1.1 }.map(\.offset)
            #expect(
                changed.allSatisfy { place in target.unread.contains { $0.contains(place) } },
                "round \(round): \(changed)")
        }
        // Nothing was harmed: the whole ones open.
        for target in targets { #expect(target.device.refusal(of: target.envelope) == nil) }
    }

    @Test func `stored states that were cut or changed never crash the reader`() throws {
        var generator = SeededGenerator(seed: 7)
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        _ = try bob.receive(try alice.send("one"))
        for stored in [alice.book.serialized(), bob.book.serialized(), bob.prekeys.serialized()] {
            for length in stride(from: 0, to: stored.count, by: 37) {
                #expect(throws: RatchetError.unreadableState) {
                    try SessionBook(serialized: Array(stored.prefix(length)))
                }
                #expect(throws: RatchetError.unreadableState) {
                    try PrekeyStore(serialized: Array(stored.prefix(length)))
                }
            }
            for _ in 0..<300 {
                var bytes = stored
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                _ = try? SessionBook(serialized: bytes)
                _ = try? PrekeyStore(serialized: bytes)
            }
            #expect(throws: RatchetError.unreadableState) { try SessionBook(serialized: stored + [0]) }
        }
    }

    @Test func `stored states come back equal`() throws {
        let (alice, bob) = Device.pair()
        try alice.open(bob)
        let messages = try (0..<5).map { try alice.send("\($0)") }
        _ = try bob.receive(messages[3])
        try bob.open(alice, oneTime: nil)
        bob.publish(oneTime: 1)
        bob.prekeys.markPublished(x25519: [4, 5], kem: [9])
        bob.prekeys.noteServerHolds(x25519: 1, kem: 0, at: bob.now)
        for device in [alice, bob] {
            #expect(try SessionBook(serialized: device.book.serialized()) == device.book)
            #expect(try PrekeyStore(serialized: device.prekeys.serialized()) == device.prekeys)
        }
        #expect(bob.book.active?.unanswered != nil)
    }
}
