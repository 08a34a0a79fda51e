import Ratchet
import SealpostFormats
import SodiumKit
import Testing

/// Replays what an independent implementation did, event by event.
@Suite struct VectorTests {
    @Test func `there are vectors, in the format that is known`() throws {
        let files = try VectorFile.all()
        #expect(!files.isEmpty)
        for (name, file) in files {
            #expect(file.format == "sealpost-e2ee-vectors/1", "\(name)")
            #expect(file.constants.maxSkip == SkippedKeys.limit, "\(name)")
            #expect(file.constants.maxStoredSkipped == SkippedKeys.limit, "\(name)")
        }
    }

    @Test func `root step, chain step and message encryption give the known answers`() throws {
        for (_, file) in try VectorFile.all() {
            let root = file.primitives.rootStep
            let (nextRoot, chain) = RootKey(secret(root.rootKey)).step(secret(root.dh))
            #expect(hex(nextRoot.bytes) == root.nextRootKey)
            #expect(hex(chain.bytes) == root.chainKey)

            let step = file.primitives.chainStep
            let (nextChain, message) = ChainKey(secret(step.chainKey)).step()
            #expect(hex(nextChain.bytes) == step.nextChainKey)
            #expect(hex(message.bytes) == step.messageKey)

            for sealed in file.primitives.aead {
                let key = MessageKey(secret(sealed.messageKey))
                let (plaintext, ad) = ([UInt8](hex: sealed.plaintext), [UInt8](hex: sealed.ad))
                #expect(try key.seal(plaintext, authenticating: ad).hex == sealed.ciphertext)
                #expect(try key.open([UInt8](hex: sealed.ciphertext), authenticating: ad) == plaintext)
            }
        }
    }

    @Test func `handshakes give the known keys on both sides`() throws {
        for (_, file) in try VectorFile.all() {
            for conversation in file.conversations {
                try checkKeys(conversation.handshake)
                _ = try VectorPlayer(conversation)
            }
        }
    }

    @Test func `conversations give the known messages, results and states`() throws {
        for (_, file) in try VectorFile.all() {
            for conversation in file.conversations {
                var player = try VectorPlayer(conversation)
                for event in conversation.events { try player.play(event) }
            }
        }
    }

    private func checkKeys(_ handshake: VectorFile.Handshake) throws {
        let alice = try Ed25519.SigningKey(seed: SecretBytes(copying: [UInt8](hex: handshake.alice.identitySeed)))
        #expect(alice.publicKey.hex == handshake.alice.identityEd25519Pub)
        #expect(hex(alice.agreementKey().scalar) == handshake.alice.identityX25519Priv)
        #expect(try Ed25519.agreementKey(of: alice.publicKey).hex == handshake.alice.identityX25519Pub)
        let bob = try Ed25519.SigningKey(seed: SecretBytes(copying: [UInt8](hex: handshake.bob.identitySeed)))
        #expect(bob.publicKey.hex == handshake.bob.identityEd25519Pub)
        #expect(hex(bob.agreementKey().scalar) == handshake.bob.identityX25519Priv)
        #expect(try Ed25519.agreementKey(of: bob.publicKey).hex == handshake.bob.identityX25519Pub)
        #expect(try privateKey(handshake.alice.ephemeralPriv).publicKey.hex == handshake.alice.ephemeralPub)
        #expect(try privateKey(handshake.bob.signedPrekeyPriv).publicKey.hex == handshake.bob.signedPrekeyPub)

        let seed = secret(handshake.bob.kemPrekeySeed)
        #expect(try NativePlatform.kemPublicKey(seed: seed).hex == handshake.bob.kemPrekeyPub)
        let kemSecret = try NativePlatform.kemDecapsulate([UInt8](hex: handshake.kemCiphertext), seed: seed)
        #expect(hex(kemSecret) == handshake.kemSharedSecret)

        let signedPrekey = [UInt8](hex: handshake.bob.signedPrekeyPub)
        let ephemeral = try privateKey(handshake.alice.ephemeralPriv)
        var agreements = [
            try alice.agreementKey().sharedSecret(with: signedPrekey),
            try ephemeral.sharedSecret(with: bob.agreementKey().publicKey),
            try ephemeral.sharedSecret(with: signedPrekey),
        ]
        if let oneTime = handshake.bob.oneTimePrekeyPub {
            agreements.append(try ephemeral.sharedSecret(with: [UInt8](hex: oneTime)))
        }
        #expect(agreements.map(hex) == handshake.dh)
        #expect(
            SafetyNumber.digits(
                ("alice", alice.publicKey), ("bob", bob.publicKey), hash: SodiumFormatCrypto.self)
                == handshake.safetyNumber)
    }
}

func secret(_ text: String) -> WipedBytes { WipedBytes(copying: [UInt8](hex: text)) }
func hex(_ secret: WipedBytes) -> String { secret.exposedBytes().hex }
func privateKey(_ text: String) throws -> X25519.PrivateKey { try X25519.PrivateKey(secret(text)) }
