import Ratchet
import SealpostFormats
import SodiumKit
import Testing

/// Both sides of one conversation of the vectors.
struct VectorPlayer {
    private let name: String
    private var ratchets: [String: DoubleRatchet]
    private var sent: [Int: RatchetMessage] = [:]

    /// Does the handshake on both sides and compares what comes out of it.
    init(_ conversation: VectorFile.Conversation) throws {
        name = conversation.name
        let handshake = conversation.handshake
        let bob = handshake.bob
        let bundle = PrekeyBundle(
            identityKey: [UInt8](hex: bob.identityEd25519Pub),
            signedPrekey: SignedPrekey(
                id: 1, key: [UInt8](hex: bob.signedPrekeyPub), signature: [UInt8](hex: bob.signedPrekeySig)),
            oneTimePrekey: bob.oneTimePrekeyPub.map { OneTimePrekey(id: 2, key: [UInt8](hex: $0)) },
            kemPrekey: KEMPrekey(
                id: 3, key: [UInt8](hex: bob.kemPrekeyPub), signature: [UInt8](hex: bob.kemPrekeySig)),
            sealingKey: nil, claimed: 0)
        let (initiated, message) = try Handshake.initiate(
            identity: DeviceIdentity(seed: SecretBytes(copying: [UInt8](hex: handshake.alice.identitySeed))),
            bundle: bundle.verified(identityKey: bundle.identityKey),
            ephemeral: privateKey(handshake.alice.ephemeralPriv),
            encapsulation: KEMEncapsulation(
                ciphertext: [UInt8](hex: handshake.kemCiphertext), sharedSecret: secret(handshake.kemSharedSecret)))
        let responded = try Handshake.respond(
            identity: DeviceIdentity(seed: SecretBytes(copying: [UInt8](hex: bob.identitySeed))), message: message,
            keys: Handshake.ResponderKeys(
                signedPrekey: privateKey(bob.signedPrekeyPriv),
                oneTimePrekey: bob.oneTimePrekeyPriv.map { try privateKey($0) },
                kemSeed: secret(bob.kemPrekeySeed)),
            platform: NativePlatform.self)
        for outcome in [initiated, responded] {
            #expect(hex(outcome.secret.bytes) == handshake.sharedSecret, "\(name)")
            #expect(outcome.associatedData.hex == handshake.associatedData, "\(name)")
        }
        ratchets = [
            "alice": try DoubleRatchet(
                initiating: initiated.secret, associatedData: initiated.associatedData,
                otherRatchetKey: bundle.signedPrekey.key,
                ratchetKey: privateKey(conversation.initiatorRatchetPriv)),
            "bob": try DoubleRatchet(
                responding: responded.secret, associatedData: responded.associatedData,
                ratchetKey: privateKey(bob.signedPrekeyPriv)),
        ]
    }

    mutating func play(_ event: VectorFile.Event) throws {
        let place: Comment = "\(name), \(event.by) \(event.op.rawValue) \(event.id)"
        var ratchet = try #require(ratchets[event.by], place)
        switch event.op {
        case .send:
            let header = try RatchetHeader(decoding: [UInt8](hex: try #require(event.header, place)))
            // The vectors do not tell the messages that are never received.
            while let number = ratchet.sending?.number, number < header.number { _ = try ratchet.encrypt([]) }
            let message = try ratchet.encrypt([UInt8](hex: try #require(event.plaintext, place)))
            #expect(message.header == header, place)
            #expect(message.ciphertext.hex == event.ciphertext, place)
            sent[event.id] = message
        case .receive, .receiveTampered:
            var message = try #require(sent[event.id], place)
            if event.op == .receiveTampered {
                message = RatchetMessage(
                    header: message.header, ciphertext: [UInt8](hex: try #require(event.ciphertext, place)))
            }
            let before = ratchet
            let (result, plaintext, usedNewKey) = receive(message, with: &ratchet, event.newRatchetPriv)
            #expect(result == event.result, place)
            #expect(plaintext?.hex == event.plaintext, place)
            if result == "ok" {
                #expect(usedNewKey == (event.newRatchetPriv != nil), place)
            } else {
                #expect(ratchet == before, place)
            }
        }
        ratchets[event.by] = ratchet
        if let expected = event.stateAfter { #expect(state(of: ratchet) == expected, place) }
    }

    private func receive(
        _ message: RatchetMessage, with ratchet: inout DoubleRatchet, _ newKey: String?
    ) -> (result: String, plaintext: [UInt8]?, usedNewKey: Bool) {
        var usedNewKey = false
        do {
            let plaintext = try ratchet.decrypt(message) { () throws(RatchetError) in
                usedNewKey = true
                return newKey.flatMap { try? privateKey($0) } ?? X25519.PrivateKey()
            }
            return ("ok", plaintext, usedNewKey)
        } catch .duplicate {
            return ("duplicate", nil, usedNewKey)
        } catch .authenticationFailed {
            return ("authentication-failed", nil, usedNewKey)
        } catch .tooManySkipped {
            return ("too-many-skipped", nil, usedNewKey)
        } catch {
            return ("\(error)", nil, usedNewKey)
        }
    }

    private func state(of ratchet: DoubleRatchet) -> VectorFile.State {
        VectorFile.State(
            ownRatchetPriv: hex(ratchet.ownRatchetKey.scalar), otherRatchetPub: ratchet.otherRatchetKey?.hex,
            rootKey: hex(ratchet.root.bytes),
            sending: ratchet.sending.map { .init(key: hex($0.key.bytes), n: $0.number) },
            receiving: ratchet.receiving.map { .init(key: hex($0.key.bytes), n: $0.number) },
            pn: ratchet.previousCount,
            skipped: ratchet.skipped.entries.map {
                .init(ratchetPub: $0.ratchetKey.hex, n: $0.number, messageKey: hex($0.key.bytes))
            })
    }
}
