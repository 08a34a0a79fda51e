import Ratchet
import SealpostCore
import SealpostFormats

/// Opens envelopes inside a transaction: plaintext, the session's new state, consumed prekeys and seen ids are stored
/// together or not at all.
struct EnvelopeOpener: Sendable {
    enum Outcome: Sendable {
        /// It, or the message in it, was stored before.
        case duplicate
        /// The sender's device is not listed: wait for a newer list.
        case held
        /// Stored, readable or not; with what it told that has to be looked into.
        case stored([ToldList])
    }

    let environment: ClientEnvironment
    let sendsReceipts: Bool
    let now: Timestamp

    init(environment: ClientEnvironment, sendsReceipts: Bool) {
        self.environment = environment
        self.sendsReceipts = sendsReceipts
        now = environment.now()
    }

    var newID: () -> String { { environment.newID().description } }

    /// - Parameter wasHeld: the envelope's id is known because it was kept here until its sender's list is known.
    func open(
        _ envelope: EnvelopeAnswer, in transaction: Transaction, wasHeld: Bool = false
    ) throws -> Outcome {
        let id = SeenRecord.envelope(envelope.id, from: envelope.from)
        guard try transaction.see(id, now: now) || wasHeld else { return .duplicate }
        let kind: EnvelopeKind
        do {
            kind = try EnvelopeKind(of: envelope.content.bytes)
        } catch {
            try storeUnreadable(envelope, "it is not shaped like an envelope", in: transaction)
            return .stored([])
        }
        switch kind {
        case .prekeyMessage, .message: break
        case .sealed, .letter, .foreign:
            try transaction.store(
                .unsupported(kind: kind.word), id: envelope.id.description,
                from: envelope.from.flatMap(MailboxAddress.init), sent: nil, of: envelope)
            return .stored([])
        }
        guard let sender = envelope.from.flatMap(MailboxAddress.init) else {
            try storeUnreadable(envelope, "the server names no sending device", in: transaction)
            return .stored([])
        }
        return try open(envelope, from: sender, in: transaction)
    }

    private func open(
        _ envelope: EnvelopeAnswer, from sender: MailboxAddress, in transaction: Transaction
    ) throws -> Outcome {
        guard let contact = try transaction.contact(sender.handle),
            let key = contact.identityKey(of: sender.device)
        else { return .held }
        let marks: [Message.Mark]
        switch contact.standing(of: sender.device, identityKey: key, received: envelope.received) {
        case .listed: marks = []
        case .removed: marks = [.removedDevice]
        case .unlisted, .otherKey:
            try storeUnreadable(envelope, "the sending device was removed before", in: transaction)
            return .stored([])
        }
        var book = try transaction.book(sender, identityKey: key) ?? SessionBook(peerIdentity: key)
        var prekeys = try transaction.prekeys()
        let before = prekeys
        let content: [UInt8]
        do {
            content = try book.decrypt(
                envelope.content.bytes, identity: try DeviceKeys.load(in: transaction).identity, prekeys: &prekeys,
                at: now.unixSeconds, platform: NativePlatform.self)
        } catch RatchetError.wrongIdentity {
            try transaction.warn(
                .trust(TrustFailure(sender.handle, .identityKeyMismatch, "device \(sender.device)")))
            try storeUnreadable(envelope, "its key is not the listed one of \(sender)", in: transaction)
            return .stored([])
        } catch let error as RatchetError {
            try storeUnreadable(envelope, Self.reason(error), from: sender, in: transaction)
            if marks.isEmpty { try askAgain(envelope.id, of: sender, in: transaction) }
            return .stored([])
        }
        try transaction.setBook(book, sender)
        if prekeys != before { try transaction.setPrekeys(prekeys) }
        return try take(content, envelope, from: sender, contact, marks, in: transaction)
    }

    /// Gives up on a sender whose list never came.
    func giveUp(_ envelope: EnvelopeAnswer, in transaction: Transaction) throws {
        try storeUnreadable(envelope, "the sending device is on no device list", in: transaction)
    }

    private func storeUnreadable(
        _ envelope: EnvelopeAnswer, _ reason: String, from sender: MailboxAddress? = nil, in transaction: Transaction
    ) throws {
        try transaction.store(
            .undecryptable(reason: reason), id: envelope.id.description,
            from: sender ?? envelope.from.flatMap(MailboxAddress.init), sent: nil, of: envelope)
    }

    /// Asks the sender, in a fresh handshake, to send again what could not be opened: at most once an hour a device.
    private func askAgain(_ id: EnvelopeID, of sender: MailboxAddress, in transaction: Transaction) throws {
        let waiting = try transaction.outbox().first { record in
            if case .reset = record.body {
                record.recipient == sender.handle && record.devices == [sender.device] && record.deposit == nil
            } else {
                false
            }
        }
        if var record = waiting, case .reset(let failed) = record.body {
            record.body = .reset(failed: failed + [id.description])
            try transaction.setOutbox(record)
            return
        }
        var peer = try transaction.peer(sender)
        let due = max(now, peer.lastReset.map { $0 + PeerRecord.resetPause } ?? now)
        peer.lastReset = due
        try transaction.setPeer(peer, sender)
        try transaction.queue(
            .reset(failed: [id.description]), id: newID(), to: sender.handle, due: due, devices: [sender.device],
            startsFresh: true, isAutomatic: true, now: now)
    }

    private static func reason(_ error: RatchetError) -> String {
        switch error {
        case .noSession: "there is no session with the sending device"
        case .unknownPrekey: "it was encrypted for a prekey that is gone"
        case .repeatedHandshake: "its handshake was seen before"
        case .tooManySkipped: "too many messages before it are missing"
        case .authenticationFailed: "no known key opens it"
        // Nothing has proved the number yet, and this envelope was not seen before: it may be somebody's forgery in
        // the place of a message, so it is shown like everything else that cannot be opened.
        case .duplicate: "a message with its number was opened before"
        case .invalidPadding: "its padding is wrong"
        default: "it is malformed"
        }
    }
}
