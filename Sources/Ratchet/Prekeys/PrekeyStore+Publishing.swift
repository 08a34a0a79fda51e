import SealpostFormats
import SodiumKit

/// The public long-lived keys of a device, as `PUT /v1/devices/{n}/signed-prekeys` takes them.
package struct LongLivedPublicKeys: Sendable, Equatable {
    package let signedPrekey: SignedPrekey
    package let lastResortPrekey: KEMPrekey
    package let sealingKey: SealingKey
}

/// Public one-time keys, as `POST /v1/devices/{n}/one-time-prekeys` takes them.
package struct OneTimePublicKeys: Sendable, Equatable {
    package let x25519: [OneTimePrekey]
    package let kem: [KEMPrekey]
}

/// Public halves are made anew from the private ones each time, with the same signatures: so an upload whose answer
/// was lost can be repeated.
extension PrekeyStore {
    /// The current long-lived keys, nil before the first `rotate`.
    package func longLivedPublicKeys<Platform: RatchetPlatform>(
        of identity: borrowing DeviceIdentity, platform: Platform.Type
    ) throws(RatchetError) -> LongLivedPublicKeys? {
        guard let signedKey = signed.current, let lastResortKey = lastResort.current,
            let sealingKey = sealing.current
        else { return nil }
        return LongLivedPublicKeys(
            signedPrekey: identity.signedPrekey(
                id: signedKey.id, key: try agreementKey(signedKey.secret).publicKey),
            lastResortPrekey: identity.kemPrekey(
                id: lastResortKey.id, key: try Platform.kemPublicKey(seed: lastResortKey.secret)),
            sealingKey: identity.sealingKey(
                id: sealingKey.id, created: sealingKey.created,
                key: try Platform.sealingPublicKey(seed: sealingKey.secret)))
    }

    /// The one-time keys that the server has not confirmed yet, at most `limit` of each kind, in upload order.
    package func unpublishedKeys<Platform: RatchetPlatform>(
        of identity: borrowing DeviceIdentity, limit: Int, platform: Platform.Type
    ) throws(RatchetError) -> OneTimePublicKeys {
        try publicKeys(
            oneTime.keys.filter { !$0.isPublished }.prefix(limit),
            oneTimeKEM.keys.filter { !$0.isPublished }.prefix(limit), identity, Platform.self)
    }

    /// The digest that the server must give if it holds what this store believes
    /// (`GET /v1/devices/{n}/prekeys`); nil before the first `rotate`.
    package func expectedDigest<Platform: RatchetPlatform>(
        of identity: borrowing DeviceIdentity, platform: Platform.Type
    ) throws(RatchetError) -> [UInt8]? {
        guard let longLived = try longLivedPublicKeys(of: identity, platform: Platform.self) else { return nil }
        let oneTimeKeys = try publicKeys(
            oneTime.keys.filter { $0.isPublished && $0.missingSince == nil }[...],
            oneTimeKEM.keys.filter { $0.isPublished && $0.missingSince == nil }[...], identity, Platform.self)
        var digest = PrekeyDigest()
        digest.add(longLived.signedPrekey)
        digest.add(lastResort: longLived.lastResortPrekey)
        digest.add(longLived.sealingKey)
        for key in oneTimeKeys.x25519 { digest.add(key) }
        for key in oneTimeKeys.kem { digest.add(oneTime: key) }
        return digest.value(SodiumFormatCrypto.self)
    }

    private func publicKeys<Platform: RatchetPlatform>(
        _ x25519: ArraySlice<OneTimePrivateKey>, _ kem: ArraySlice<OneTimePrivateKey>,
        _ identity: borrowing DeviceIdentity, _ platform: Platform.Type
    ) throws(RatchetError) -> OneTimePublicKeys {
        var publicX25519: [OneTimePrekey] = []
        for key in x25519 {
            publicX25519.append(OneTimePrekey(id: key.id, key: try agreementKey(key.secret).publicKey))
        }
        var publicKEM: [KEMPrekey] = []
        for key in kem {
            publicKEM.append(identity.kemPrekey(id: key.id, key: try Platform.kemPublicKey(seed: key.secret)))
        }
        return OneTimePublicKeys(x25519: publicX25519, kem: publicKEM)
    }
}
