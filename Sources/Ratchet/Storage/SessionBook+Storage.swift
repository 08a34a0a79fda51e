import SealpostFormats
import SodiumKit

extension SessionBook {
    static let storedVersion: UInt8 = 1

    /// The whole state, secrets in the clear: to be sealed before it is stored.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = [Self.storedVersion]
        bytes += peerIdentity
        bytes.append(optional: active) { $1.write(to: &$0) }
        bytes.append(list: archived) { $1.write(to: &$0) }
        return bytes
    }

    /// A stored state; throws `unreadableState`.
    package init(serialized bytes: [UInt8]) throws(RatchetError) {
        do {
            var reader = ByteReader(bytes)
            try reader.expectVersion(Self.storedVersion)
            peerIdentity = try reader.take(KeyLength.ed25519PublicKey)
            active = try reader.optional { reader throws(FormatError) in try Session(from: &reader) }
            archived = try reader.list { reader throws(FormatError) in try Session(from: &reader) }
            try reader.finish()
        } catch {
            throw .unreadableState
        }
    }
}

extension Session {
    func write(to bytes: inout [UInt8]) {
        ratchet.write(to: &bytes)
        bytes += mark.identityKey + mark.ephemeralKey
        bytes.append(uint32: mark.kemPrekeyID)
        bytes.append(optional: unanswered) { $0 += $1.encoded() }
        bytes.append(uint64: created)
        bytes.append(uint64: claimed)
        bytes.append(uint32: messageCount)
        bytes.append(optional: archived) { $0.append(uint64: $1) }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        ratchet = try DoubleRatchet(from: &reader)
        mark = try HandshakeMark(from: &reader)
        unanswered = try reader.optional { reader throws(FormatError) in
            try PrekeyMessage.Handshake(from: &reader)
        }
        created = try reader.uint64()
        claimed = try reader.uint64()
        messageCount = try reader.uint32()
        archived = try reader.optional { reader throws(FormatError) in try reader.uint64() }
    }
}

extension HandshakeMark {
    init(from reader: inout ByteReader) throws(FormatError) {
        let identityKey = try reader.take(KeyLength.ed25519PublicKey)
        let ephemeralKey = try reader.take(KeyLength.x25519PublicKey)
        self.init(identityKey: identityKey, ephemeralKey: ephemeralKey, kemPrekeyID: try reader.uint32())
    }
}
