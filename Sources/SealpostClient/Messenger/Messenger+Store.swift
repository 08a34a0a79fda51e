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
        let (stored, held, told) = try await profile.transaction { transaction in
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
            try transaction.note(answer, now: opener.now, newID: opener.newID)
            return (stored, held, told)
        }
        report.stored += stored
        report.held += held
        try await check(told)
    }

    /// Looks at mail that waits for its sender's list: opens what can be opened now, and asks for lists again.
    func retryHeld(_ report: inout ReceiveReport) async throws(ClientError) {
        let now = environment.now()
        let held = try await profile.transaction { try $0.values(HeldRecord.self, after: 0, in: .held) }
        guard !held.isEmpty else { return }
        let due = held.filter { now >= $0.checked + HeldRecord.pause || now < $0.checked }
        try await learnSenders(of: due.map(\.envelope))
        let opener = EnvelopeOpener(environment: environment, sendsReceipts: options.sendsDeliveryReceipts)
        let (stored, told) = try await profile.transaction { transaction in
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
            return (stored, told)
        }
        report.stored += stored
        report.held += held.count - stored
        try await check(told)
    }

    /// Compares what messages told of lists with what the server gives: first a look, then a warning.
    private func check(_ told: [ToldList]) async throws(ClientError) {
        for (handle, lists) in Dictionary(grouping: told, by: \.handle) {
            guard let newest = lists.max(by: { $0.list.version < $1.list.version }) else { continue }
            try await tolerating { () throws(ClientError) in
                try await self.refreshContact(handle)
                try await self.profile.transaction { try $0.followOwnList() }
            }
            try await profile.transaction { transaction in
                guard let contact = try transaction.contact(handle) else { return }
                let detail = "version \(newest.list.version), told by \(newest.teller)"
                if contact.list.version < newest.list.version {
                    try transaction.warn(.trust(TrustFailure(handle, .listFrozen, detail)))
                } else if let hash = contact.hash(ofVersion: newest.list.version), hash != newest.list.hash {
                    try transaction.warn(.trust(TrustFailure(handle, .listForked, detail)))
                }
            }
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
