import Ratchet
import SealpostFormats
import Testing

/// Talks to an implementation that shares no code with this one.
@Suite struct InteropTests {
    @Test(arguments: [true, false])
    func `a conversation that Swift opens is understood by Python and back`(oneTime: Bool) async throws {
        let peer = try PythonPeer()
        let device = Device()
        device.publish(oneTime: 2)
        let bundle = try await peer.bundle(oneTime: oneTime, claimed: device.now)
        device.book = SessionBook(peerIdentity: bundle.identityKey)
        try device.book.open(
            bundle.verified(identityKey: bundle.identityKey), identity: device.identity, at: device.now,
            platform: NativePlatform.self)
        let first = Array("first".utf8)
        #expect(try await peer.receive(device.book.encrypt(first)).content == first)
        try await converse(device, peer, seed: oneTime ? 1 : 2)
    }

    @Test(arguments: [true, false])
    func `a conversation that Python opens is understood by Swift and back`(oneTime: Bool) async throws {
        let peer = try PythonPeer()
        let device = Device()
        device.publish(oneTime: 2)
        device.book = SessionBook(peerIdentity: try await peer.bundle(oneTime: false, claimed: 0).identityKey)
        try await peer.open(device.bundle(oneTime: oneTime ? 1 : nil))
        var envelopes: [[UInt8]] = []
        for text in ["one", "two", "three"] { envelopes.append(try await peer.send(Array(text.utf8))) }
        #expect(try envelopes.allSatisfy { try EnvelopeKind(of: $0) == .prekeyMessage })
        #expect(try device.receive(envelopes[2]) == "three")
        #expect(try device.receive(envelopes[0]) == "one")
        #expect(device.refusal(of: envelopes[0]) == .duplicate)
        #expect(try await peer.receive(device.send("four")).content == Array("four".utf8))
        #expect(try await EnvelopeKind(of: peer.send([])) == .message)
        #expect(device.prekeys.oneTime.keys.count == (oneTime ? 1 : 2))
        try await converse(device, peer, seed: oneTime ? 3 : 4)
    }

    /// 600 steps: messages of many sizes from both sides, delivered in any order, some twice, some damaged, some never.
    private func converse(_ device: Device, _ peer: PythonPeer, seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var toPeer: [(content: [UInt8], envelope: [UInt8])] = []
        var toDevice: [(content: [UInt8], envelope: [UInt8])] = []
        var delivered = 0
        for step in 0..<600 {
            let place: Comment = "seed \(seed), step \(step)"
            let size = Int.random(in: 0..<10, using: &generator) == 0 ? 6_000 : 300
            let content = (0..<Int.random(in: 0..<size, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: toPeer.append((content, try device.book.encrypt(content)))
            case 1: toDevice.append((content, try await peer.send(content)))
            case 2:
                guard let index = toPeer.indices.randomElement(using: &generator) else { continue }
                let (content, envelope) = toPeer.remove(at: index)
                if step % 20 == 0 { continue }
                if step % 7 == 0 { #expect(try await peer.receive(damaged(envelope)).error != nil, place) }
                #expect(try await peer.receive(envelope).content == content, place)
                if step % 5 == 0 { #expect(try await peer.receive(envelope).error != nil, place) }
                delivered += 1
            default:
                guard let index = toDevice.indices.randomElement(using: &generator) else { continue }
                let (content, envelope) = toDevice.remove(at: index)
                if step % 20 == 0 { continue }
                if step % 7 == 0 { #expect(device.refusal(of: damaged(envelope)) != nil, place) }
                #expect(try device.receive(envelope) == String(decoding: content, as: UTF8.self), place)
                if step % 5 == 0 { #expect(device.refusal(of: envelope) != nil, place) }
                delivered += 1
            }
        }
        #expect(delivered > 200)
    }

    private func damaged(_ envelope: [UInt8]) -> [UInt8] {
        var copy = envelope
        copy[copy.count - 1] ^= 1
        return copy
    }
}
