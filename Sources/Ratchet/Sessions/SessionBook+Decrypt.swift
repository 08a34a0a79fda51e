import SealpostFormats
import SodiumKit

extension SessionBook {
    /// The content of an envelope of kind prekey message or message.
    ///
    /// The session that decrypts becomes the active one. A prekey message opens a session only if its handshake is
    /// unknown; its one-time halves are deleted from `prekeys` with success, never on failure. So `self` and `prekeys`
    /// are to be persisted together with the content.
    package mutating func decrypt<Platform: RatchetPlatform>(
        _ envelope: [UInt8], identity: borrowing DeviceIdentity, prekeys: inout PrekeyStore, at now: UInt64,
        platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        let kind: EnvelopeKind
        do { kind = try EnvelopeKind(of: envelope) } catch { throw .format(error) }
        let content: [UInt8]
        switch kind {
        case .prekeyMessage:
            let message: PrekeyMessage
            do { message = try PrekeyMessage(decoding: envelope) } catch { throw .format(error) }
            content = try decrypt(message, identity, &prekeys, now, Platform.self)
        case .message:
            let message: RatchetMessage
            do { message = try RatchetMessage(decoding: envelope) } catch { throw .format(error) }
            content = try decrypt(message, now, Platform.self)
        case .sealed, .letter, .foreign:
            throw .notOfSession
        }
        dropExpired(at: now)
        return content
    }

    private mutating func decrypt<Platform: RatchetPlatform>(
        _ message: PrekeyMessage, _ identity: borrowing DeviceIdentity, _ prekeys: inout PrekeyStore, _ now: UInt64,
        _ platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        let handshake = message.handshake
        guard handshake.identityKey == peerIdentity else { throw .wrongIdentity }
        let mark = HandshakeMark(handshake)
        if active?.mark == mark { return try decryptActive(message.message, Platform.self) }
        if let index = archived.firstIndex(where: { $0.mark == mark }) {
            return try decryptArchived(index, message.message, now, Platform.self)
        }

        let keys = try prekeys.responderKeys(for: handshake)
        let outcome = try Handshake.respond(
            identity: identity, message: handshake, keys: keys, platform: Platform.self)
        let ratchet = DoubleRatchet(
            responding: outcome.secret, associatedData: outcome.associatedData, ratchetKey: keys.signedPrekey)
        var session = Session(ratchet: ratchet, mark: mark, unanswered: nil, created: now, claimed: now)
        let content = try session.decrypt(message.message, platform: Platform.self)
        prekeys.consume(handshake)
        activate(session, at: now)
        return content
    }

    /// Tries all sessions: the active one, then the archived ones from the newest on.
    private mutating func decrypt<Platform: RatchetPlatform>(
        _ message: RatchetMessage, _ now: UInt64, _ platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        guard active != nil else { throw .noSession }
        var failure = RatchetError.authenticationFailed
        do {
            return try decryptActive(message, Platform.self)
        } catch {
            failure = moreTelling(failure, error)
        }
        for index in archived.indices {
            do {
                return try decryptArchived(index, message, now, Platform.self)
            } catch {
                failure = moreTelling(failure, error)
            }
        }
        throw failure
    }

    private mutating func decryptActive<Platform: RatchetPlatform>(
        _ message: RatchetMessage, _ platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        guard var session = active else { throw .noSession }
        let content = try session.decrypt(message, platform: Platform.self)
        active = session
        return content
    }

    private mutating func decryptArchived<Platform: RatchetPlatform>(
        _ index: Int, _ message: RatchetMessage, _ now: UInt64, _ platform: Platform.Type
    ) throws(RatchetError) -> [UInt8] {
        var session = archived[index]
        let content = try session.decrypt(message, platform: Platform.self)
        archived.remove(at: index)
        activate(session, at: now)
        return content
    }

    /// A message fails in all sessions but its own: what says more than "does not authenticate" comes from its own.
    private func moreTelling(_ one: RatchetError, _ other: RatchetError) -> RatchetError {
        if one == .duplicate || other == .duplicate { return .duplicate }
        return one == .authenticationFailed ? other : one
    }
}
