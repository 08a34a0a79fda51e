import CSodium

/// HMAC-SHA-256 (RFC 2104), 32 bytes, keys of any length.
package struct HMACSHA256: ~Copyable {
    package static let length = 32
    private var state = crypto_auth_hmacsha256_state()

    package init(key: borrowing some SecretMaterial & ~Copyable) {
        Sodium.start()
        let count = key.count
        key.withBytes { _ = crypto_auth_hmacsha256_init(&state, $0, count) }
    }

    package mutating func update(_ bytes: [UInt8]) {
        _ = crypto_auth_hmacsha256_update(&state, bytes, UInt64(bytes.count))
    }

    package mutating func update(_ secret: borrowing some SecretMaterial & ~Copyable) {
        let count = secret.count
        secret.withBytes { _ = crypto_auth_hmacsha256_update(&state, $0, UInt64(count)) }
    }

    /// The code as a secret, for key derivation.
    package consuming func finalize() -> WipedBytes {
        WipedBytes(count: Self.length) { output in
            let start = output.bytes
            _ = crypto_auth_hmacsha256_final(&state, start)
            sodium_memzero(&state, MemoryLayout.size(ofValue: state))
        }
    }

    /// The code of one message.
    package static func authenticationCode(
        for message: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) -> [UInt8] {
        var hmac = HMACSHA256(key: key)
        hmac.update(message)
        return hmac.finalize().exposedBytes()
    }

    /// In constant time.
    package static func isValid(
        _ code: [UInt8], for message: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) -> Bool {
        constantTimeEquals(code, authenticationCode(for: message, key: key))
    }
}

/// HMAC-SHA-512 (RFC 2104), 64 bytes, keys of any length.
package enum HMACSHA512 {
    package static let length = 64

    /// The code of one message.
    package static func authenticationCode(
        for message: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) -> [UInt8] {
        Sodium.start()
        var state = crypto_auth_hmacsha512_state()
        let count = key.count
        key.withBytes { _ = crypto_auth_hmacsha512_init(&state, $0, count) }
        _ = crypto_auth_hmacsha512_update(&state, message, UInt64(message.count))
        var code = [UInt8](repeating: 0, count: length)
        _ = crypto_auth_hmacsha512_final(&state, &code)
        sodium_memzero(&state, MemoryLayout.size(ofValue: state))
        return code
    }

    /// In constant time.
    package static func isValid(
        _ code: [UInt8], for message: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) -> Bool {
        constantTimeEquals(code, authenticationCode(for: message, key: key))
    }
}
