import Ratchet
import SealpostCore
import SealpostFormats

extension Transaction {
    /// Encrypts an entry for every device that it goes to and has no session that may not be used; opens sessions where
    /// one is due and there is a bundle.
    ///
    /// - Parameters:
    ///   - number: the entry's.
    ///   - bundles: claimed and checked.
    ///   - id: the deposit's, if everything could be encrypted; new.
    func encrypt(
        _ number: Int64, bundles: [DeviceNumber: VerifiedBundle], id: EnvelopeID, now: Timestamp
    ) throws -> Messenger.Encryption {
        guard let record = try outboxRecord(number) else { return .nobody }
        guard let contact = try contact(record.recipient), let own = try self.contact(try device().handle) else {
            throw ClientError.notFound("contact \(record.recipient)")
        }
        guard contact.offer == nil else {
            throw TrustFailure(record.recipient, .accountKeyChanged)
        }
        let listed = try recipients(of: record.recipient, in: contact.list)
        let targets = (record.devices ?? listed).filter { number in
            listed.contains(number) && !record.gone.contains(number) && !record.stored.contains(number)
        }
        guard !targets.isEmpty else {
            if record.devices == nil, record.recipient != own.handle, record.stored.isEmpty {
                throw ClientError.refused(Problem(.noDevices, "\(record.recipient) has no device that could take mail"))
            }
            // Some devices may have it already; then one's own other ones are told.
            try finish(record, syncID: id.description, now: now)
            return .nobody
        }
        var books: [(DeviceNumber, SessionBook)] = []
        var lacking: [DeviceNumber] = []
        for number in targets {
            let address = MailboxAddress(handle: record.recipient, device: number)
            if let book = try usableBook(address, contact.list, record, bundles[number], now) {
                books.append((number, book))
            } else {
                lacking.append(number)
            }
        }
        guard lacking.isEmpty else { return .lacking(lacking) }
        let lists = PlaintextHead.Lists(own: own.list.told, peer: contact.list.told)
        var envelopes: [OutboxRecord.Envelope] = []
        for (number, var book) in books {
            let to = MailboxAddress(handle: record.recipient, device: number)
            let plaintext = Plaintext(
                head: PlaintextHead(
                    v: PlaintextHead.version, id: record.id, at: record.created, from: try address(), to: to,
                    lists: lists, kind: record.body.kind),
                body: record.body)
            do {
                envelopes.append(.init(device: number, content: Base64(try book.encrypt(try plaintext.json()))))
            } catch RatchetError.contentTooLong(let limit) {
                throw ClientError.contentTooLarge(limit: limit)
            }
            try setBook(book, to)
        }
        let encrypted = try updateOutbox(number) { record in
            record.claim = nil
            record.startsFresh = false
            record.deposit = OutboxRecord.Deposit(
                id: id, envelopes: envelopes,
                policy: record.devices == nil && record.stored.isEmpty ? .strict : .ignore)
        }
        return .encrypted(encrypted)
    }

    /// Looks at ciphertexts that wait to be deposited again, as lists may have changed since: drops them if one is for a
    /// device that left the list or has another key there, so that the entry is encrypted anew for those that are
    /// listed. (A device for which they were stored meanwhile gets the message in two envelopes, and takes it once.)
    ///
    /// Throws `accountKeyChanged` while another account key is offered.
    func recheckDeposit(_ number: Int64) throws -> OutboxRecord {
        try updateOutbox(number) { record in
            guard let contact = try contact(record.recipient), let deposit = record.deposit else { return }
            guard contact.offer == nil else { throw TrustFailure(record.recipient, .accountKeyChanged) }
            let areListed = try deposit.envelopes.allSatisfy { envelope in
                guard let device = contact.list.device(envelope.device) else { return false }
                let address = MailboxAddress(handle: record.recipient, device: envelope.device)
                return try book(address, identityKey: device.identityKey.bytes) != nil
            }
            if !areListed { record.deposit = nil }
        }
    }

    /// The sessions with a device, with a new one if one is due; nil if that needs a bundle and there is none.
    private func usableBook(
        _ address: MailboxAddress, _ list: SignedList, _ record: OutboxRecord, _ bundle: VerifiedBundle?,
        _ now: Timestamp
    ) throws -> SessionBook? {
        guard let key = list.device(address.device)?.identityKey.bytes else { return nil }
        var book = try book(address, identityKey: key) ?? SessionBook(peerIdentity: key)
        guard record.startsFresh || book.handshakeReason(at: now.unixSeconds) != nil else { return book }
        guard let bundle, bundle.bundle.identityKey == key else { return nil }
        try book.open(
            bundle, identity: try DeviceKeys.load(in: self).identity, at: now.unixSeconds,
            platform: NativePlatform.self)
        return book
    }
}
