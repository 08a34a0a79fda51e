import SealpostFormats
import SodiumKit

/// The code that brings an account key back: 26 characters of Crockford's base32 (130 bits), shown once.
package struct RecoveryCode: Sendable, Equatable {
    package static let length = 26
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    private let characters: WipedBytes

    /// A new random code.
    package init<Platform: RatchetPlatform>(platform: Platform.Type) {
        let random = Platform.random(Self.length)
        characters = random.withUnsafeBytes { random in
            WipedBytes(count: Self.length) { output in
                for index in 0..<Self.length { output[index] = Self.alphabet[Int(random[index] & 31)] }
            }
        }
    }

    /// What a person typed: any case, `O` for `0`, `I` and `L` for `1`, spaces and hyphens anywhere.
    package init(typed text: String) throws(RatchetError) {
        var canonical: [UInt8] = []
        for byte in text.utf8 where byte != 0x20 && byte != 0x2d {
            switch (0x61...0x7a).contains(byte) ? byte - 0x20 : byte {
            case UInt8(ascii: "O"): canonical.append(UInt8(ascii: "0"))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): canonical.append(UInt8(ascii: "1"))
            case let upper:
                guard Self.alphabet.contains(upper) else { throw .invalidRecoveryCode }
                canonical.append(upper)
            }
        }
        guard canonical.count == Self.length else { throw .invalidRecoveryCode }
        characters = WipedBytes(copying: canonical)
    }

    /// The 26 characters, to be shown once.
    package var text: String { characters.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// `HKDF(salt = SHA-256("SealpostRecovery" || 01 || str(handle)), ikm, "SealpostRecovery", 64) = key || fetch`.
    package func keys(for handle: String) -> RecoveryKeys {
        var label: [UInt8] = []
        label.append(label: "SealpostRecovery")
        label.append(0x01)
        label.append(shortString: handle)
        let output = HKDF.derive(
            salt: WipedBytes(copying: SHA256.hash(label)), inputKey: characters, info: "SealpostRecovery", length: 64)
        return RecoveryKeys(handle: handle, key: output.part(0..<32), fetch: output.part(32..<64))
    }
}
