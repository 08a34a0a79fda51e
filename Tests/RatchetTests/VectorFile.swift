import Foundation

/// `api-spec/vectors/*.json`, as an independent implementation wrote them. All byte strings are hexadecimal.
struct VectorFile: Decodable {
    struct Constants: Decodable {
        let maxSkip: Int
        let maxStoredSkipped: Int
    }

    struct Primitives: Decodable {
        struct RootStep: Decodable {
            let rootKey, dh, nextRootKey, chainKey: String
        }

        struct ChainStep: Decodable {
            let chainKey, nextChainKey, messageKey: String
        }

        struct Sealed: Decodable {
            let messageKey, ad, plaintext, ciphertext: String
        }

        let rootStep: RootStep
        let chainStep: ChainStep
        let aead: [Sealed]
    }

    struct Conversation: Decodable {
        let name: String
        let handshake: Handshake
        let initiatorRatchetPriv: String
        let events: [Event]
    }

    struct Handshake: Decodable {
        let alice: Initiator
        let bob: Responder
        let kemCiphertext, kemSharedSecret: String
        let dh: [String]
        let sharedSecret, associatedData, safetyNumber: String
    }

    struct Initiator: Decodable {
        let identitySeed, identityEd25519Pub, identityX25519Priv, identityX25519Pub: String
        let ephemeralPriv, ephemeralPub: String
    }

    struct Responder: Decodable {
        let identitySeed, identityEd25519Pub, identityX25519Priv, identityX25519Pub: String
        let signedPrekeyPriv, signedPrekeyPub, signedPrekeySig: String
        let oneTimePrekeyPriv, oneTimePrekeyPub: String?
        let kemPrekeySeed, kemPrekeyPub, kemPrekeySig: String
    }

    struct Event: Decodable {
        enum Operation: String, Decodable {
            case send
            case receive = "recv"
            case receiveTampered = "recv-tampered"
        }

        let op: Operation
        let by: String
        let id: Int
        let result: String?
        let plaintext, header, ciphertext, newRatchetPriv: String?
        let stateAfter: State?
    }

    struct State: Decodable, Equatable {
        struct Chain: Decodable, Equatable {
            let key: String
            let n: UInt32
        }

        struct Skipped: Decodable, Equatable {
            let ratchetPub: String
            let n: UInt32
            let messageKey: String
        }

        let ownRatchetPriv: String
        let otherRatchetPub: String?
        let rootKey: String
        let sending, receiving: Chain?
        let pn: UInt32
        let skipped: [Skipped]
    }

    let format: String
    let constants: Constants
    let primitives: Primitives
    let conversations: [Conversation]
}

extension VectorFile {
    /// The files in `api-spec/vectors` and in the folder that `SEALPOST_EXTRA_VECTORS` names.
    static func all() throws -> [(name: String, file: VectorFile)] {
        var folders = [packageFolder.appending(path: "api-spec/vectors")]
        if let extra = ProcessInfo.processInfo.environment["SEALPOST_EXTRA_VECTORS"], !extra.isEmpty {
            folders.append(URL(filePath: extra))
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "json" }
                .sorted { $0.lastPathComponent < $1.lastPathComponent }
                .map { ($0.lastPathComponent, try decoder.decode(VectorFile.self, from: Data(contentsOf: $0))) }
        }
    }

    static let packageFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}
