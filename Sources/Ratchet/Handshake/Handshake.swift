import SealpostFormats
import SodiumKit

/// PQXDH, revision 3 (Signal, The PQXDH Key Agreement Protocol), with ML-KEM-1024.
package enum Handshake {
    /// What both sides know after it.
    package struct Outcome: Sendable {
        package let secret: RootKey
        /// `EncEd(IKa) || EncEd(IKb) || EncKEM(PQPK)`.
        package let associatedData: [UInt8]
    }

    /// The initiator's side. `ephemeral` and `encapsulation` must be new.
    package static func initiate(
        identity: borrowing DeviceIdentity, bundle verified: VerifiedBundle, ephemeral: X25519.PrivateKey,
        encapsulation: KEMEncapsulation
    ) throws(RatchetError) -> (outcome: Outcome, message: PrekeyMessage.Handshake) {
        let bundle = verified.bundle
        let otherIdentity = try agreementKey(of: bundle.identityKey)
        var agreements = [
            try agreement(identity.agreement, bundle.signedPrekey.key),
            try agreement(ephemeral, otherIdentity),
            try agreement(ephemeral, bundle.signedPrekey.key),
        ]
        if let oneTime = bundle.oneTimePrekey { agreements.append(try agreement(ephemeral, oneTime.key)) }
        let outcome = Outcome(
            secret: secret(agreements, encapsulation.sharedSecret),
            associatedData: associatedData(
                initiator: identity.publicKey, responder: bundle.identityKey, kemKey: bundle.kemPrekey.key))
        let message = PrekeyMessage.Handshake(
            identityKey: identity.publicKey, ephemeralKey: ephemeral.publicKey,
            signedPrekeyID: bundle.signedPrekey.id, oneTimePrekeyID: bundle.oneTimePrekey?.id,
            kemPrekeyID: bundle.kemPrekey.id, kemCiphertext: encapsulation.ciphertext)
        return (outcome, message)
    }

    /// The private halves that a handshake names.
    package struct ResponderKeys: Sendable {
        package let signedPrekey: X25519.PrivateKey
        package let oneTimePrekey: X25519.PrivateKey?
        package let kemSeed: WipedBytes

        package init(signedPrekey: X25519.PrivateKey, oneTimePrekey: X25519.PrivateKey?, kemSeed: WipedBytes) {
            self.signedPrekey = signedPrekey
            self.oneTimePrekey = oneTimePrekey
            self.kemSeed = kemSeed
        }
    }

    /// The responder's side. Wrong keys show only when the first message does not decrypt.
    package static func respond<Platform: RatchetPlatform>(
        identity: borrowing DeviceIdentity, message: PrekeyMessage.Handshake, keys: ResponderKeys,
        platform: Platform.Type
    ) throws(RatchetError) -> Outcome {
        // The ephemeral key is compared as bytes to recognise repeats, so there must be only one way to write it.
        guard X25519.isCanonical(message.ephemeralKey) else { throw .invalidAgreementKey }
        let otherIdentity = try agreementKey(of: message.identityKey)
        var agreements = [
            try agreement(keys.signedPrekey, otherIdentity),
            try agreement(identity.agreement, message.ephemeralKey),
            try agreement(keys.signedPrekey, message.ephemeralKey),
        ]
        if let oneTime = keys.oneTimePrekey { agreements.append(try agreement(oneTime, message.ephemeralKey)) }
        let kemSecret = try Platform.kemDecapsulate(message.kemCiphertext, seed: keys.kemSeed)
        return Outcome(
            secret: secret(agreements, kemSecret),
            associatedData: associatedData(
                initiator: message.identityKey, responder: identity.publicKey,
                kemKey: try Platform.kemPublicKey(seed: keys.kemSeed)))
    }

    /// `HKDF(salt = 00×32, ikm = ff×32 || DH1 || DH2 || DH3 [|| DH4] || SS, info, 32)`.
    static func secret(_ agreements: [WipedBytes], _ kemSecret: WipedBytes) -> RootKey {
        let prefix = WipedBytes(copying: [UInt8](repeating: 0xff, count: 32))
        return RootKey(
            HKDF.derive(
                salt: HKDF.zeroSalt, inputKey: WipedBytes(joining: [prefix] + agreements + [kemSecret]),
                info: "Sealpost_CURVE25519_SHA-256_ML-KEM-1024", length: 32))
    }

    private static func associatedData(initiator: [UInt8], responder: [UInt8], kemKey: [UInt8]) -> [UInt8] {
        KeyEncoding.ed25519(initiator) + KeyEncoding.ed25519(responder) + KeyEncoding.kem(kemKey)
    }

    private static func agreementKey(of identityKey: [UInt8]) throws(RatchetError) -> [UInt8] {
        do { return try Ed25519.agreementKey(of: identityKey) } catch { throw .format(.invalidPublicKey) }
    }

    private static func agreement(
        _ own: X25519.PrivateKey, _ other: [UInt8]
    ) throws(RatchetError) -> WipedBytes {
        do { return try own.sharedSecret(with: other) } catch { throw .invalidAgreementKey }
    }
}
