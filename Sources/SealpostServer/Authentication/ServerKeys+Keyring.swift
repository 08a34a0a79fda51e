import Crypto
import SealpostStore

extension ServerKeys {
    /// The keys that a keyring gives: its current key signs, all of them verify.
    package init(_ keyring: Keyring) {
        self.init(
            current: Set(keyring.current),
            older: keyring.keys.filter { $0.id != keyring.current.id }.map { Set($0) })
    }
}

extension ServerKeys.Set {
    init(_ key: KeyringKey) {
        self.init(
            id: String(key.id), access: Self.symmetric(key, .accessToken), token: Self.symmetric(key, .apiToken),
            refresh: Self.symmetric(key, .refreshToken), challenge: Self.symmetric(key, .challenge))
    }

    private static func symmetric(_ key: KeyringKey, _ purpose: KeyPurpose) -> SymmetricKey {
        key.secret(for: purpose).bytes.withUnsafeBytes { SymmetricKey(data: $0) }
    }
}
