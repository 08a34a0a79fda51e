/// A message that carries its handshake, envelope kind `01 01`:
/// `IKa 32 || EKa 32 || spk_id u32 || opk_id u32 (0: none) || kem_id u32 || kem_ct 1568 || header 40 || ct`.
package struct PrekeyMessage: Hashable, Sendable {
    static let prefix: [UInt8] = [EnvelopeKind.suiteVersion, 0x01]
    static let leastLength = 2 + 32 + 32 + 12 + KeyLength.kemCiphertext + RatchetHeader.length + KeyLength.tag

    /// The initiator's part of the handshake, the same on every message until the first answer.
    package struct Handshake: Hashable, Sendable {
        /// The initiator's identity key, Ed25519.
        package let identityKey: [UInt8]
        /// The initiator's ephemeral key, X25519.
        package let ephemeralKey: [UInt8]
        package let signedPrekeyID: UInt32
        package let oneTimePrekeyID: UInt32?
        package let kemPrekeyID: UInt32
        package let kemCiphertext: [UInt8]

        package init(
            identityKey: [UInt8], ephemeralKey: [UInt8], signedPrekeyID: UInt32, oneTimePrekeyID: UInt32?,
            kemPrekeyID: UInt32, kemCiphertext: [UInt8]
        ) {
            self.identityKey = identityKey
            self.ephemeralKey = ephemeralKey
            self.signedPrekeyID = signedPrekeyID
            self.oneTimePrekeyID = oneTimePrekeyID
            self.kemPrekeyID = kemPrekeyID
            self.kemCiphertext = kemCiphertext
        }

        /// Reads a handshake; ids other than the optional one must not be 0.
        package init(from reader: inout ByteReader) throws(FormatError) {
            identityKey = try reader.take(KeyLength.ed25519PublicKey)
            ephemeralKey = try reader.take(KeyLength.x25519PublicKey)
            signedPrekeyID = try reader.uint32()
            let oneTime = try reader.uint32()
            oneTimePrekeyID = oneTime == 0 ? nil : oneTime
            kemPrekeyID = try reader.uint32()
            guard signedPrekeyID > 0, kemPrekeyID > 0 else { throw .numberZero }
            kemCiphertext = try reader.take(KeyLength.kemCiphertext)
        }

        package func encoded() -> [UInt8] {
            var bytes = identityKey + ephemeralKey
            bytes.append(uint32: signedPrekeyID)
            bytes.append(uint32: oneTimePrekeyID ?? 0)
            bytes.append(uint32: kemPrekeyID)
            return bytes + kemCiphertext
        }
    }

    package let handshake: Handshake
    package let message: RatchetMessage

    package init(handshake: Handshake, message: RatchetMessage) {
        self.handshake = handshake
        self.message = message
    }

    package init(decoding envelope: [UInt8]) throws(FormatError) {
        guard envelope.count >= Self.leastLength else { throw .truncated }
        var reader = ByteReader(envelope)
        try reader.expect(Self.prefix)
        handshake = try Handshake(from: &reader)
        let header = try RatchetHeader(from: &reader)
        message = RatchetMessage(header: header, ciphertext: reader.rest())
    }

    package func encoded() -> [UInt8] {
        Self.prefix + handshake.encoded() + message.header.encoded() + message.ciphertext
    }
}
