import SealpostCore
import SealpostFormats

extension Messenger {
    /// Asks for the lists of senders whose device is not known, once each; mail of those that stay unknown is held.
    func learnSenders(of envelopes: [EnvelopeAnswer]) async throws(ClientError) {
        let senders = Set(envelopes.compactMap { $0.from.flatMap(MailboxAddress.init) })
        let unknown = try await profile.transaction { transaction in
            Set(try senders.filter { try !transaction.knows($0) }.map(\.handle))
        }
        for handle in unknown {
            try await tolerating { () throws(ClientError) in try await self.refreshContact(handle) }
        }
    }

    /// Opens and stores an answer's mail and moves the cursor, in one transaction.
    func store(_ answer: MailboxAnswer, _ report: inout ReceiveReport) async throws(ClientError) {
        let opener = EnvelopeOpener(environment: environment, sendsReceipts: options.sendsDeliveryReceipts)
        let (stored, held) = try await profile.transaction { transaction in
            var stored = 0
            var held = 0
            var told: [ToldList] = []
            for envelope in answer.envelopes ?? [] {
                switch try opener.open(envelope, in: transaction) {
                case .duplicate: break
                case .held:
                    held += 1
                    try transaction.hold(envelope, now: opener.now)
                case .stored(let lists):
                    stored += 1
                    told += lists
                }
            }
            try transaction.remember(told)
            try transaction.note(answer, now: opener.now, newID: opener.newID)
            return (stored, held)
        }
        report.stored += stored
        report.held += held
    }

    /// Looks at mail that waits for its sender's list: opens what can be opened now, and asks for lists again.
    func retryHeld(_ report: inout ReceiveReport) async throws(ClientError) {
        let now = environment.now()
        let held = try await profile.transaction { try $0.values(HeldRecord.self, after: 0, in: .held) }
        guard !held.isEmpty else { return }
        let due = held.filter { now >= $0.checked + HeldRecord.pause || now < $0.checked }
        try await learnSenders(of: due.map(\.envelope))
        let opener = EnvelopeOpener(environment: environment, sendsReceipts: options.sendsDeliveryReceipts)
        let stored = try await profile.transaction { transaction in
            var stored = 0
            var told: [ToldList] = []
            for record in held {
                switch try opener.open(record.envelope, in: transaction, wasHeld: true) {
                case .held where now >= record.envelope.received + HeldRecord.life:
                    try opener.giveUp(record.envelope, in: transaction)
                    stored += 1
                case .held:
                    guard due.contains(where: { $0.number == record.number }) else { continue }
                    var record = record
                    record.checked = now
                    try transaction.setValue(record, number: record.number, in: .held)
                    continue
                case .duplicate: break
                case .stored(let lists):
                    stored += 1
                    told += lists
                }
                try transaction.remove(number: record.number, in: .held)
            }
            try transaction.remember(told)
            return stored
        }
        report.stored += stored
        report.held += held.count - stored
    }

    /// Compares what messages told of lists with what the server gives: first a look, then a warning. Without an answer
    /// nobody is accused; what was told is looked into with the next mail.
    func checkTold() async throws(ClientError) {
        var unanswered: [ToldList] = []
        for told in try await profile.transaction({ try $0.told() }) {
            do throws(ClientError) {
                try await refreshContact(told.handle)
            } catch {
                switch error {
                // The server was caught at something else, which is told.
                case .untrusted: continue
                case .unreachable, .refused, .unexpectedAnswer, .notFound: unanswered.append(told)
                default: throw error
                }
                continue
            }
            try await profile.transaction { transaction in
                try transaction.followOwnList()
                guard let contact = try transaction.contact(told.handle) else { return }
                let detail = "version \(told.list.version), told by \(told.teller)"
                if contact.list.version < told.list.version {
                    try transaction.warn(.trust(TrustFailure(told.handle, .listFrozen, detail)))
                } else if let hash = contact.hash(ofVersion: told.list.version), hash != told.list.hash {
                    try transaction.warn(.trust(TrustFailure(told.handle, .listForked, detail)))
                }
            }
        }
        let left = unanswered
        try await profile.transaction { transaction in
            if try transaction.told() != left { try transaction.setTold(left) }
        }
    }

    /// Runs what may fail without harm to what comes after it: no network, a refusal, a lie that is already told.
    func tolerating(_ body: @Sendable () async throws(ClientError) -> Void) async throws(ClientError) {
        do {
            try await body()
        } catch {
            switch error {
            case .unreachable, .refused, .untrusted, .unexpectedAnswer, .notFound: return
            default: throw error
            }
        }
    }
}

extension Transaction {
    /// Whether the device's key is known from a list of its account, also an earlier one.
    func knows(_ address: MailboxAddress) throws -> Bool {
        try contact(address.handle)?.identityKey(of: address.device) != nil
    }

    func hold(_ envelope: EnvelopeAnswer, now: Timestamp) throws {
        let record = HeldRecord(number: try nextNumber(in: .held), envelope: envelope, checked: now)
        try setValue(record, number: record.number, in: .held)
    }

    /// Notes what an answer says beside its mail, and moves the cursor.
    func note(_ answer: MailboxAnswer, now: Timestamp, newID: () -> String) throws {
        var mailbox = try mailbox()
        if let cursor = answer.cursor { mailbox.stored = max(mailbox.stored, cursor) }
        if let refused = answer.refused {
            if refused > mailbox.refused { try warn(.mailRefused(total: refused)) }
            mailbox.refused = refused
        }
        for tombstone in answer.tombstones ?? [] {
            let known = mailbox.losses[tombstone.from.value] ?? 0
            guard tombstone.count > known else { continue }
            mailbox.losses[tombstone.from.value] = tombstone.count
            try warn(.mailLost(count: tombstone.count - known, reason: tombstone.reason))
        }
        if mailbox.losses.values.reduce(0, +) >= MailboxRecord.greatestLoss {
            mailbox.losses = [:]
            try startFresh(now: now, newID: newID)
        }
        if let since = answer.dormantSince { try warn(.dormant(since: since)) }
        try setMailbox(mailbox)
    }

    /// So much was lost that chains may soon be out of reach: asks every device with a session for a new one, by
    /// sending in a fresh handshake.
    private func startFresh(now: Timestamp, newID: () -> String) throws {
        for contact in try values(ContactRecord.self, in: .contact) {
            for number in try recipients(of: contact.handle, in: contact.list) {
                guard let device = contact.list.device(number),
                    try book(
                        MailboxAddress(handle: contact.handle, device: number),
                        identityKey: device.identityKey.bytes)?.active != nil
                else { continue }
                try queue(
                    .reset(failed: []), id: newID(), to: contact.handle, devices: [number], startsFresh: true,
                    isAutomatic: true, now: now)
            }
        }
    }
}
