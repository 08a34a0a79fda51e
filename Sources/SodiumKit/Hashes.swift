import CSodium

/// SHA-256, 32 bytes (FIPS 180-4).
package enum SHA256 {
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        Sodium.start()
        return newBytes(Int(crypto_hash_sha256_BYTES)) { buffer in
            // Fails for no input.
            _ = crypto_hash_sha256(buffer, bytes, UInt64(bytes.count))
        }
    }
}

/// SHA-512, 64 bytes (FIPS 180-4).
package enum SHA512 {
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        Sodium.start()
        return newBytes(Int(crypto_hash_sha512_BYTES)) { buffer in
            // Fails for no input.
            _ = crypto_hash_sha512(buffer, bytes, UInt64(bytes.count))
        }
    }
}

/// BLAKE2b keyed, 32 bytes: for looking up a value by its hash without storing the value.
package enum KeyedHash {
    package static let length = 32

    /// The hash of `bytes` under a key of 16 to 64 bytes.
    package static func hash(
        _ bytes: [UInt8], key: borrowing some SecretMaterial & ~Copyable
    ) throws(SodiumError) -> [UInt8] {
        Sodium.start()
        guard (16...64).contains(key.count) else { throw .wrongLength(expected: 32, actual: key.count) }
        let keyLength = key.count
        return key.withBytes { key in
            newBytes(length) { buffer in
                // Fails for wrong lengths only.
                _ = crypto_generichash(buffer, length, bytes, UInt64(bytes.count), key, keyLength)
            }
        }
    }
}

/// Keys for separate uses out of one master key (BLAKE2b keyed with the master over the label).
package enum SubkeyDerivation {
    /// The key for `label`, 16 to 64 bytes long, from a master of 16 to 64 bytes. Labels and lengths separate:
    /// two keys are related only if both are equal.
    package static func derive(
        from master: borrowing some SecretMaterial & ~Copyable, label: String, length: Int = 32
    ) throws(SodiumError) -> SecretBytes {
        guard (16...64).contains(length) else { throw .invalidDerivedLength(length) }
        guard (16...64).contains(master.count) else { throw .wrongLength(expected: 32, actual: master.count) }
        let message = Array(label.utf8)
        let masterLength = master.count
        return master.withBytes { master in
            SecretBytes(count: length) { output in
                // Fails for wrong lengths only.
                _ = crypto_generichash(
                    output.bytes, length, message, UInt64(message.count),
                    master, masterLength)
            }
        }
    }
}
