import SealpostCore
import SodiumKit

/// A derived key; lends its bytes to keyed functions and prints nothing of them.
package final class DerivedKey: Sendable {
    package let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) {
        self.bytes = bytes
    }
}

/// One key of the keyring, with everything that is derived from it.
package final class KeyringKey: Sendable {
    /// The length of the secret, in bytes.
    package static let length = 32

    package let id: UInt32
    package let created: Timestamp
    let master: SecretBytes
    private let seal: DerivedKey
    private let emailLookup: DerivedKey
    private let depositorLookup: DerivedKey
    private let accessToken: DerivedKey
    private let refreshToken: DerivedKey
    private let challenge: DerivedKey
    private let apiToken: DerivedKey
    private let keyFingerprint: DerivedKey

    package init(id: UInt32, created: Timestamp, secret: consuming SecretBytes) throws(KeyringError) {
        guard id > 0 else { throw .malformed("a key's id is 0") }
        guard secret.count == Self.length else { throw .malformed("key \(id) is not \(Self.length) bytes long") }
        let master = secret
        func derived(_ purpose: KeyPurpose, from master: borrowing SecretBytes) throws(KeyringError) -> DerivedKey {
            do {
                return DerivedKey(try SubkeyDerivation.derive(from: master, label: purpose.label))
            } catch {
                throw .malformed("key \(id) cannot be used")
            }
        }
        self.id = id
        self.created = created
        seal = try derived(.seal, from: master)
        emailLookup = try derived(.emailLookup, from: master)
        depositorLookup = try derived(.depositorLookup, from: master)
        accessToken = try derived(.accessToken, from: master)
        refreshToken = try derived(.refreshToken, from: master)
        challenge = try derived(.challenge, from: master)
        apiToken = try derived(.apiToken, from: master)
        keyFingerprint = try derived(.keyFingerprint, from: master)
        self.master = master
    }

    /// The key for one purpose, 32 bytes.
    package func secret(for purpose: KeyPurpose) -> DerivedKey {
        switch purpose {
        case .seal: seal
        case .emailLookup: emailLookup
        case .depositorLookup: depositorLookup
        case .accessToken: accessToken
        case .refreshToken: refreshToken
        case .challenge: challenge
        case .apiToken: apiToken
        case .keyFingerprint: keyFingerprint
        }
    }

    /// The keyed hash of `value` for a purpose, 32 bytes.
    package func hash(_ value: [UInt8], for purpose: KeyPurpose) -> [UInt8] {
        // swift-format-ignore: NeverUseForceTry
        // It throws for keys of other lengths only, and every derived key has 32 bytes.
        try! KeyedHash.hash(value, key: secret(for: purpose).bytes)
    }
}

extension KeyringKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "KeyringKey(\(id), created \(created))" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id, "created": created]) }
}

extension DerivedKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "DerivedKey" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
