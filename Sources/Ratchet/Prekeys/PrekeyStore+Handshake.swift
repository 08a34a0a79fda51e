import SealpostFormats
import SodiumKit

extension PrekeyStore {
    /// The private halves that a handshake names; throws `unknownPrekey` or `repeatedHandshake`.
    func responderKeys(for handshake: PrekeyMessage.Handshake) throws(RatchetError) -> Handshake.ResponderKeys {
        guard !seen.contains(HandshakeMark(handshake)) else { throw .repeatedHandshake }
        guard let signedKey = signed.key(handshake.signedPrekeyID) else { throw .unknownPrekey }
        var oneTimeKey: X25519.PrivateKey?
        if let id = handshake.oneTimePrekeyID {
            guard let key = oneTime.key(id) else { throw .unknownPrekey }
            oneTimeKey = try agreementKey(key.secret)
        }
        guard
            let seed = oneTimeKEM.key(handshake.kemPrekeyID)?.secret
                ?? lastResort.key(handshake.kemPrekeyID)?.secret
        else { throw .unknownPrekey }
        return Handshake.ResponderKeys(
            signedPrekey: try agreementKey(signedKey.secret), oneTimePrekey: oneTimeKey, kemSeed: seed)
    }

    /// The handshake gave a session that decrypted: its one-time halves go; if it used none it is remembered.
    mutating func consume(_ handshake: PrekeyMessage.Handshake) {
        let usedOneTimeKEM = oneTimeKEM.key(handshake.kemPrekeyID) != nil
        if let id = handshake.oneTimePrekeyID { oneTime.remove(id) }
        oneTimeKEM.remove(handshake.kemPrekeyID)
        if handshake.oneTimePrekeyID == nil, !usedOneTimeKEM { seen.append(HandshakeMark(handshake)) }
    }

    func agreementKey(_ secret: WipedBytes) throws(RatchetError) -> X25519.PrivateKey {
        do { return try X25519.PrivateKey(secret) } catch { throw .unreadableState }
    }
}
