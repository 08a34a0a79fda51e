import SealpostFormats
import SodiumKit

/// What was claimed of a device: the keys with which a session to it is opened while it is offline.
package struct PrekeyBundle: Sendable, Equatable {
    /// Ed25519, 32 bytes.
    package let identityKey: [UInt8]
    package let signedPrekey: SignedPrekey
    package let oneTimePrekey: OneTimePrekey?
    /// One-time, or the last-resort one.
    package let kemPrekey: KEMPrekey
    package let sealingKey: SealingKey?
    /// When it was claimed, in seconds since 1970: its age counts from here.
    package let claimed: UInt64

    /// A bundle is used for 7 days; a session that is still unanswered then is opened anew.
    package static let life: UInt64 = 7 * 86_400

    package init(
        identityKey: [UInt8], signedPrekey: SignedPrekey, oneTimePrekey: OneTimePrekey?, kemPrekey: KEMPrekey,
        sealingKey: SealingKey?, claimed: UInt64
    ) {
        self.identityKey = identityKey
        self.signedPrekey = signedPrekey
        self.oneTimePrekey = oneTimePrekey
        self.kemPrekey = kemPrekey
        self.sealingKey = sealingKey
        self.claimed = claimed
    }

    /// Checks that the bundle is that of the device with this identity key, as the signed device list names it, and
    /// all signatures. Only what comes out of here can open a session.
    package func verified(identityKey listed: [UInt8]) throws(RatchetError) -> VerifiedBundle {
        guard identityKey == listed else { throw .wrongIdentity }
        let crypto = SodiumFormatCrypto.self
        guard SodiumFormatCrypto.isValidPublicKey(identityKey) else { throw .format(.invalidPublicKey) }
        do throws(FormatError) {
            try signedPrekey.verify(by: identityKey, crypto: crypto)
            try kemPrekey.verify(by: identityKey, crypto: crypto)
            try oneTimePrekey?.verify()
            try sealingKey?.verify(by: identityKey, crypto: crypto)
        } catch {
            throw .format(error)
        }
        return VerifiedBundle(bundle: self)
    }
}

/// A bundle whose signatures have been checked against the listed identity key.
package struct VerifiedBundle: Sendable {
    package let bundle: PrekeyBundle

    fileprivate init(bundle: PrekeyBundle) { self.bundle = bundle }
}
