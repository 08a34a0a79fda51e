import Ratchet
import SealpostCore
import SealpostFormats

/// Keys of the protocol as they travel in JSON.
extension SealpostCore.LongLivedPrekeys {
    init(_ keys: LongLivedPublicKeys) {
        self.init(
            signedPrekey: SignedKey(
                id: keys.signedPrekey.id, key: Base64(keys.signedPrekey.key),
                signature: Base64(keys.signedPrekey.signature)),
            lastResortKEMPrekey: SignedKey(
                id: keys.lastResortPrekey.id, key: Base64(keys.lastResortPrekey.key),
                signature: Base64(keys.lastResortPrekey.signature)),
            sealingKey: SealpostCore.SealingKey(
                id: keys.sealingKey.id, created: keys.sealingKey.created, key: Base64(keys.sealingKey.key),
                signature: Base64(keys.sealingKey.signature)))
    }
}

extension OneTimePrekeysRequest {
    init(_ keys: OneTimePublicKeys) {
        self.init(
            oneTimePrekeys: keys.x25519.map { OneTimeKey(id: $0.id, key: Base64($0.key)) },
            oneTimeKEMPrekeys: keys.kem.map {
                SignedKey(id: $0.id, key: Base64($0.key), signature: Base64($0.signature))
            })
    }
}

extension PrekeyBundle {
    /// - Parameter claimed: when the claim was made.
    init(_ answer: PrekeyBundleAnswer, claimed: Timestamp) {
        self.init(
            identityKey: answer.identityKey.bytes,
            signedPrekey: SignedPrekey(
                id: answer.signedPrekey.id, key: answer.signedPrekey.key.bytes,
                signature: answer.signedPrekey.signature.bytes),
            oneTimePrekey: answer.oneTimePrekey.map { OneTimePrekey(id: $0.id, key: $0.key.bytes) },
            kemPrekey: KEMPrekey(
                id: answer.kemPrekey.id, key: answer.kemPrekey.key.bytes,
                signature: answer.kemPrekey.signature.bytes),
            sealingKey: SealpostFormats.SealingKey(
                id: answer.sealingKey.id, created: answer.sealingKey.created, key: answer.sealingKey.key.bytes,
                signature: answer.sealingKey.signature.bytes),
            claimed: claimed.unixSeconds)
    }
}
