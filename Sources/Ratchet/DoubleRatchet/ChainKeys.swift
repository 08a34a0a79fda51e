import SodiumKit

/// The key that heals the session: every change of ratchet keys mixes a new agreement into it.
package struct RootKey: Sendable, Equatable {
    package let bytes: WipedBytes

    package init(_ bytes: WipedBytes) { self.bytes = bytes }

    /// `HKDF(salt = RK, ikm = DH, info = "Sealpost_DR_root", 64) = RK' || CK`.
    package func step(_ agreement: WipedBytes) -> (root: RootKey, chain: ChainKey) {
        let output = HKDF.derive(salt: bytes, inputKey: agreement, info: "Sealpost_DR_root", length: 64)
        return (RootKey(output.part(0..<32)), ChainKey(output.part(32..<64)))
    }
}

/// The key that gives each message of a chain a key of its own and cannot be turned back.
package struct ChainKey: Sendable, Equatable {
    package let bytes: WipedBytes

    package init(_ bytes: WipedBytes) { self.bytes = bytes }

    /// `CK' = HMAC(CK, 02)`, `MK = HMAC(CK, 01)`.
    package func step() -> (chain: ChainKey, message: MessageKey) {
        (ChainKey(derived(0x02)), MessageKey(derived(0x01)))
    }

    private func derived(_ label: UInt8) -> WipedBytes {
        var hmac = HMACSHA256(key: bytes)
        hmac.update([label])
        return hmac.finalize()
    }
}
