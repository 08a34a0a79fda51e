import Foundation
import Ratchet
import SealpostFormats
import SealpostTesting

/// `Tests/Interop/peer.py`, a process of its own that answers one line of JSON with another.
final class PythonPeer {
    /// What to do when the peer cannot run.
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    private let program: Program

    /// Starts the peer; throws `Unavailable` when its libraries are not installed.
    init() throws {
        let python = VectorFile.packageFolder.appending(path: ".build/interop-venv/bin/python")
        guard FileManager.default.isExecutableFile(atPath: python.path) else {
            throw Unavailable(description: "The Python peer's libraries are missing: run Tests/Interop/setup first.")
        }
        program = try Program(
            python.path, [VectorFile.packageFolder.appending(path: "Tests/Interop/peer.py").path], input: .kept,
            limit: .seconds(600))
    }

    func bundle(oneTime: Bool, claimed: UInt64) async throws -> PrekeyBundle {
        try await ask(["op": "bundle", "one_time": oneTime], for: Bundle.self).value(claimed: claimed)
    }

    func open(_ bundle: PrekeyBundle) async throws {
        struct Nothing: Decodable {}
        var members: [String: Any] = [
            "identity_key": bundle.identityKey.hex,
            "signed_prekey": [
                "id": bundle.signedPrekey.id, "key": bundle.signedPrekey.key.hex,
                "signature": bundle.signedPrekey.signature.hex,
            ],
            "kem_prekey": [
                "id": bundle.kemPrekey.id, "key": bundle.kemPrekey.key.hex,
                "signature": bundle.kemPrekey.signature.hex,
            ],
        ]
        if let oneTime = bundle.oneTimePrekey {
            members["one_time_prekey"] = ["id": oneTime.id, "key": oneTime.key.hex] as [String: Any]
        }
        _ = try await ask(["op": "open", "bundle": members], for: Nothing.self)
    }

    func send(_ content: [UInt8]) async throws -> [UInt8] {
        struct Sent: Decodable { let envelope: String }
        return [UInt8](hex: try await ask(["op": "send", "plaintext": content.hex], for: Sent.self).envelope)
    }

    /// The content, or the name of the error.
    func receive(_ envelope: [UInt8]) async throws -> (content: [UInt8]?, error: String?) {
        struct Received: Decodable { let plaintext, error: String? }
        let received = try await ask(["op": "receive", "envelope": envelope.hex], for: Received.self)
        return (received.plaintext.map { [UInt8](hex: $0) }, received.error)
    }

    private func ask<Answer: Decodable>(_ request: [String: Any], for: Answer.Type) async throws -> Answer {
        program.write(Array(try JSONSerialization.data(withJSONObject: request)) + [0x0a])
        guard let answer = await program.output.nextLine() else {
            throw Unavailable(description: "The Python peer ended: \(program.errors.text)")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Answer.self, from: Data(answer.utf8))
    }

    private struct Bundle: Decodable {
        struct Key: Decodable {
            let id: UInt32
            let key: String
            let signature: String?
        }

        let identityKey: String
        let signedPrekey, kemPrekey: Key
        let oneTimePrekey: Key?

        func value(claimed: UInt64) -> PrekeyBundle {
            PrekeyBundle(
                identityKey: [UInt8](hex: identityKey),
                signedPrekey: SignedPrekey(
                    id: signedPrekey.id, key: [UInt8](hex: signedPrekey.key),
                    signature: [UInt8](hex: signedPrekey.signature ?? "")),
                oneTimePrekey: oneTimePrekey.map { OneTimePrekey(id: $0.id, key: [UInt8](hex: $0.key)) },
                kemPrekey: KEMPrekey(
                    id: kemPrekey.id, key: [UInt8](hex: kemPrekey.key),
                    signature: [UInt8](hex: kemPrekey.signature ?? "")),
                sealingKey: nil, claimed: claimed)
        }
    }
}
