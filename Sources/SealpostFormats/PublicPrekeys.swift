/// A signed X25519 prekey: `Ed25519(IK, EncX(key))`.
package struct SignedPrekey: Hashable, Sendable {
    package let id: UInt32
    package let key: [UInt8]
    package let signature: [UInt8]

    package init(id: UInt32, key: [UInt8], signature: [UInt8]) {
        self.id = id
        self.key = key
        self.signature = signature
    }

    /// Checks id, lengths and signature.
    package func verify<Crypto: FormatCrypto>(by identityKey: [UInt8], crypto: Crypto.Type) throws(FormatError) {
        guard id > 0 else { throw .numberZero }
        try key.requireLength(KeyLength.x25519PublicKey)
        guard Crypto.isValidSignature(signature, of: SignedBytes.signedPrekey(key), by: identityKey) else {
            throw .invalidSignature
        }
    }
}

/// A one-time X25519 prekey. Unsigned: the handshake's other keys are.
package struct OneTimePrekey: Hashable, Sendable {
    package let id: UInt32
    package let key: [UInt8]

    package init(id: UInt32, key: [UInt8]) {
        self.id = id
        self.key = key
    }

    /// Checks id and length.
    package func verify() throws(FormatError) {
        guard id > 0 else { throw .numberZero }
        try key.requireLength(KeyLength.x25519PublicKey)
    }
}

/// An ML-KEM-1024 prekey, one-time or last-resort: `Ed25519(IK, EncKEM(key))`.
package struct KEMPrekey: Hashable, Sendable {
    package let id: UInt32
    package let key: [UInt8]
    package let signature: [UInt8]

    package init(id: UInt32, key: [UInt8], signature: [UInt8]) {
        self.id = id
        self.key = key
        self.signature = signature
    }

    /// Checks id, lengths and signature. Whether the key is a valid encapsulation key shows when it is used.
    package func verify<Crypto: FormatCrypto>(by identityKey: [UInt8], crypto: Crypto.Type) throws(FormatError) {
        guard id > 0 else { throw .numberZero }
        try key.requireLength(KeyLength.kemPublicKey)
        guard Crypto.isValidSignature(signature, of: SignedBytes.kemPrekey(key), by: identityKey) else {
            throw .invalidSignature
        }
    }
}

/// A sealing key (X-Wing) for senders who stay unnamed, with the time at which it was made, in seconds since 1970.
package struct SealingKey: Hashable, Sendable {
    package let id: UInt32
    package let created: UInt64
    package let key: [UInt8]
    package let signature: [UInt8]

    package init(id: UInt32, created: UInt64, key: [UInt8], signature: [UInt8]) {
        self.id = id
        self.created = created
        self.key = key
        self.signature = signature
    }

    /// Checks id, lengths and signature.
    package func verify<Crypto: FormatCrypto>(by identityKey: [UInt8], crypto: Crypto.Type) throws(FormatError) {
        guard id > 0 else { throw .numberZero }
        try key.requireLength(KeyLength.sealingPublicKey)
        let message = SignedBytes.sealingKey(id: id, created: created, publicKey: key)
        guard Crypto.isValidSignature(signature, of: message, by: identityKey) else { throw .invalidSignature }
    }
}
