import SealpostFormats
import SodiumKit

/// All sessions with one peer device: one active, at most 40 archived (Signal, The Sesame Algorithm).
///
/// A value: an operation that throws leaves it as it was. Persist the new one before a ciphertext leaves, and together
/// with the plaintext before an acknowledgement. Times in seconds since 1970.
package struct SessionBook: Sendable, Equatable {
    /// The peer device's identity key, Ed25519.
    package let peerIdentity: [UInt8]
    /// The one that encrypts: the one opened last, or that decrypted last.
    package internal(set) var active: Session?
    /// The ones that may still get mail, newest first.
    package internal(set) var archived: [Session] = []

    package static let maximumArchived = 40

    package init(peerIdentity: [UInt8]) { self.peerIdentity = peerIdentity }

    /// Why a fresh handshake is due before the next message.
    package enum HandshakeReason: Sendable, Equatable {
        /// There is no session.
        case noSession
        /// 30 days or 1,000 messages: so that post-quantum secrecy heals.
        case worn
        /// Nothing came back, and the bundle is 7 days old: its keys may soon be gone.
        case unanswered
    }

    /// Whether, and why, to claim a bundle and `open` before the next message; nil when the session is good.
    package func handshakeReason(at now: UInt64) -> HandshakeReason? {
        guard let session = active else { return .noSession }
        if session.unanswered != nil, Retention.passed(PrekeyBundle.life, since: session.claimed, at: now) {
            return .unanswered
        }
        let isWorn =
            session.messageCount >= Session.maximumMessages
            || Retention.passed(Session.life, since: session.created, at: now)
        return isWorn ? .worn : nil
    }

    /// Opens a session from a bundle not older than 7 days; the one before is archived.
    package mutating func open<Platform: RatchetPlatform>(
        _ bundle: VerifiedBundle, identity: borrowing DeviceIdentity, at now: UInt64, platform: Platform.Type
    ) throws(RatchetError) {
        let ephemeral = try Platform.newAgreementKey()
        let ratchetKey = try Platform.newAgreementKey()
        let encapsulation = try Platform.kemEncapsulate(to: bundle.bundle.kemPrekey.key)
        try open(
            bundle, identity: identity, at: now, ephemeral: ephemeral, ratchetKey: ratchetKey,
            encapsulation: encapsulation)
    }

    /// Opens a session with keys that the caller made; each must be new.
    package mutating func open(
        _ bundle: VerifiedBundle, identity: borrowing DeviceIdentity, at now: UInt64,
        ephemeral: X25519.PrivateKey, ratchetKey: X25519.PrivateKey, encapsulation: KEMEncapsulation
    ) throws(RatchetError) {
        guard bundle.bundle.identityKey == peerIdentity else { throw .wrongIdentity }
        let claimed = bundle.bundle.claimed
        guard !Retention.passed(PrekeyBundle.life + 1, since: claimed, at: now) else { throw .staleBundle }
        let (outcome, message) = try Handshake.initiate(
            identity: identity, bundle: bundle, ephemeral: ephemeral, encapsulation: encapsulation)
        let ratchet = try DoubleRatchet(
            initiating: outcome.secret, associatedData: outcome.associatedData,
            otherRatchetKey: bundle.bundle.signedPrekey.key, ratchetKey: ratchetKey)
        activate(
            Session(
                ratchet: ratchet, mark: HandshakeMark(message), unanswered: message, created: now, claimed: claimed),
            at: now)
        dropExpired(at: now)
    }

    /// The envelope of the next message; throws `noSession` or `contentTooLong`.
    package mutating func encrypt(_ content: [UInt8]) throws(RatchetError) -> [UInt8] {
        guard var session = active else { throw .noSession }
        let envelope = try session.encrypt(try Padding.pad(content))
        active = session
        return envelope
    }

    /// Forgets archived sessions after 45 days.
    package mutating func dropExpired(at now: UInt64) {
        archived.removeAll { session in
            session.archived.map { Retention.passed(Session.archiveLife, since: $0, at: now) } ?? false
        }
    }

    /// Makes a session the active one and archives the one before.
    mutating func activate(_ session: Session, at now: UInt64) {
        if var previous = active {
            previous.archived = now
            archived.insert(previous, at: 0)
        }
        active = session
        active?.archived = nil
        if archived.count > Self.maximumArchived {
            archived.removeLast(archived.count - Self.maximumArchived)
        }
    }
}
