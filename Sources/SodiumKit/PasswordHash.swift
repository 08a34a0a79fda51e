import CSodium

/// How much work Argon2id does.
package struct Argon2idCost: Hashable, Sendable {
    /// Passes over the memory, at least 1.
    package let passes: UInt64
    /// In bytes, at least 8 KiB.
    package let memory: Int

    package init(passes: UInt64, memory: Int) {
        self.passes = passes
        self.memory = memory
    }

    /// 2 passes over 64 MiB: libsodium's choice for sign-ins.
    package static let interactive = Argon2idCost(passes: 2, memory: 64 << 20)
    /// 3 passes over 256 MiB: for passphrases that protect a key on disk.
    package static let sensitive = Argon2idCost(passes: 3, memory: 256 << 20)
}

/// Passwords as servers keep them: Argon2id in its string form, with salt and cost inside.
///
/// `hash` and `verify` block for as long as the cost says: never on the cooperative pool.
package enum PasswordHash {
    /// A new string for a password, with a random salt; throws `passwordHashingFailed` if there is no memory.
    package static func hash(_ password: [UInt8], cost: Argon2idCost) throws(SodiumError) -> String {
        Sodium.start()
        var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
        let result = withChars(password) {
            crypto_pwhash_str_alg(
                &text, $0, UInt64(password.count), cost.passes, cost.memory, crypto_pwhash_ALG_ARGON2ID13)
        }
        guard result == 0 else { throw .passwordHashingFailed }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Whether the password made this string; false also for what is no such string.
    package static func verify(_ password: [UInt8], against hash: String) -> Bool {
        Sodium.start()
        guard let text = cString(hash) else { return false }
        return withChars(password) { crypto_pwhash_str_verify(text, $0, UInt64(password.count)) == 0 }
    }

    /// Whether the string was made at another cost than this one (or is no such string), so that it should be made
    /// anew at the next sign-in.
    package static func needsRehash(_ hash: String, cost: Argon2idCost) -> Bool {
        Sodium.start()
        guard let text = cString(hash) else { return true }
        return crypto_pwhash_str_needs_rehash(text, cost.passes, cost.memory) != 0
    }

    /// NUL-terminated and filled up to the size that libsodium reads.
    private static func cString(_ hash: String) -> [CChar]? {
        let size = Int(crypto_pwhash_STRBYTES)
        let bytes = Array(hash.utf8)
        guard bytes.count < size, !bytes.contains(0) else { return nil }
        return bytes.map { CChar(bitPattern: $0) } + [CChar](repeating: 0, count: size - bytes.count)
    }
}

/// Keys from passphrases (RFC 9106).
package enum Argon2id {
    package static let saltLength = 16

    /// A key of `length` bytes (at least 16); blocks for as long as the cost says.
    package static func derive(
        passphrase: [UInt8], salt: [UInt8], cost: Argon2idCost, length: Int = 32
    ) throws(SodiumError) -> SecretBytes {
        try requireLength(salt, saltLength)
        return try SecretBytes(count: length) { output throws(SodiumError) in
            let start = output.bytes
            let result = withChars(passphrase) {
                crypto_pwhash(
                    start, UInt64(output.count), $0, UInt64(passphrase.count), salt, cost.passes, cost.memory,
                    crypto_pwhash_ALG_ARGON2ID13)
            }
            guard result == 0 else { throw .passwordHashingFailed }
        }
    }
}

/// Lends bytes as C's `char`s, which are the same bytes by another name.
private func withChars<R>(_ bytes: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
    bytes.withUnsafeBytes { UnsafeRawPointer($0.bytes).withMemoryRebound(to: CChar.self, capacity: $0.count, body) }
}
