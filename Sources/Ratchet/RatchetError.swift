import SealpostFormats

/// Why an operation of the protocol did not happen; after each, every state is exactly what it was.
package enum RatchetError: Error, Hashable, Sendable {
    /// The bytes are not what they claim to be, or a signature or public key in them is wrong.
    case format(FormatError)
    /// The keys are those of another device than the expected one.
    case wrongIdentity
    /// An X25519 key of small order, or one that is not written canonically where it is compared as bytes.
    case invalidAgreementKey
    /// Not a valid ML-KEM or X-Wing key or ciphertext.
    case invalidKEMKey
    /// The bundle was claimed more than 7 days ago.
    case staleBundle
    /// There is no session to encrypt with.
    case noSession
    /// The message names a prekey whose private half is gone (or never was): it cannot be opened any more.
    case unknownPrekey
    /// The handshake was seen before and its session is gone.
    case repeatedHandshake
    /// This kind of envelope belongs to no session.
    case notOfSession
    /// The message was decrypted before.
    case duplicate
    /// No key that is known opens the message.
    case authenticationFailed
    /// The message comes after more than 1,000 missing ones.
    case tooManySkipped
    /// The chain has no further message number.
    case chainExhausted
    /// The content does not fit; `limit` is the most that does, in bytes.
    case contentTooLong(limit: Int)
    /// What was decrypted is not padded as the protocol says.
    case invalidPadding
    /// Not a recovery code: 26 characters of Crockford's base32.
    case invalidRecoveryCode
    /// A stored state that this release cannot read.
    case unreadableState
}
