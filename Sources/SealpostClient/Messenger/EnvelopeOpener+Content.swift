import SealpostCore

extension EnvelopeOpener {
    /// Takes what was decrypted: checks that it is what it says, stores it, and does what it asks for.
    func take(
        _ content: [UInt8], _ envelope: EnvelopeAnswer, from sender: MailboxAddress, _ contact: ContactRecord,
        _ marks: [Message.Mark], in transaction: Transaction
    ) throws -> Outcome {
        let own = try transaction.address()
        guard let plaintext = Plaintext(json: content) else {
            let json = String(decoding: content, as: UTF8.self)
            try transaction.store(
                .unknown(kind: "", json: json), id: envelope.id.description, from: sender, sent: nil, of: envelope,
                marks: marks)
            return .stored([])
        }
        let head = plaintext.head
        guard head.from == sender, head.to == own else {
            let reason = "it says that it goes from \(head.from) to \(head.to)"
            try transaction.store(
                .undecryptable(reason: reason), id: envelope.id.description, from: sender, sent: nil, of: envelope)
            return .stored([])
        }
        guard try transaction.see(SeenRecord.message(head.id, from: sender), now: now) else { return .duplicate }
        let told = try suspicious(
            [
                ToldList(handle: sender.handle, list: head.lists.own, teller: sender),
                ToldList(handle: own.handle, list: head.lists.peer, teller: sender),
            ], in: transaction)
        if let content = try act(on: plaintext, content, from: sender, contact, own, in: transaction) {
            try transaction.store(content, id: head.id, from: sender, sent: head.at, of: envelope, marks: marks)
        }
        return .stored(told)
    }

    /// What does not fit the lists that are known: a newer version, or another hash of a version that is remembered.
    private func suspicious(_ told: [ToldList], in transaction: Transaction) throws -> [ToldList] {
        try told.filter { told in
            guard let contact = try transaction.contact(told.handle) else { return false }
            if told.list.version > contact.list.version { return true }
            return contact.hash(ofVersion: told.list.version).map { $0 != told.list.hash } ?? false
        }
    }

    /// Does what a message asks for; returns what is to be shown of it, if anything.
    private func act(
        on plaintext: Plaintext, _ json: [UInt8], from sender: MailboxAddress, _ contact: ContactRecord,
        _ own: MailboxAddress, in transaction: Transaction
    ) throws -> Message.Content? {
        let unknown = Message.Content.unknown(
            kind: plaintext.head.kind, json: String(decoding: json, as: UTF8.self))
        switch plaintext.body {
        case .text(let text, let replyTo):
            if sendsReceipts, sender.handle != own.handle {
                try transaction.queue(
                    .receipt(ids: [plaintext.head.id], status: .delivered), id: newID(), to: sender.handle,
                    isAutomatic: true, now: now)
            }
            return .text(text, replyTo: replyTo)
        case .receipt(let ids, let status): return .receipt(ids: ids, status: status)
        case .sync(let message):
            guard sender.handle == own.handle, let content = OutgoingContent(message.body) else { return unknown }
            return .sent(to: message.to, id: message.id, content: content)
        case .profile(let name, let depositToken):
            var contact = contact
            contact.name = name
            contact.depositToken = depositToken ?? contact.depositToken
            try transaction.setContact(contact)
            return .profile(name: name)
        case .reset(let failed):
            try sendAgain(failed, to: sender, in: transaction)
            return nil
        case .unknown: return unknown
        }
    }

    /// Queues what the device could not open, for that device alone, under the ids it had, in the order in which
    /// it is named.
    private func sendAgain(_ failed: [String], to device: MailboxAddress, in transaction: Transaction) throws {
        var named: Set<String> = []
        for envelope in failed.prefix(Self.mostSentAgain) where named.insert(envelope).inserted {
            guard let sent = try transaction.value(SentRecord.self, envelope, in: .sent),
                sent.recipient == device.handle, sent.devices.contains(device.device)
            else { continue }
            try transaction.queue(
                sent.body, id: sent.id, to: device.handle, devices: [device.device], isAutomatic: true, now: now)
        }
    }

    /// A request names no more envelopes than a mailbox holds.
    private static let mostSentAgain = Limits.mailboxEnvelopes
}
