import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    /// Takes a whole batch: recipients are read once, their mailboxes are changed in memory and saved at the end, so
    /// that a deposit of one envelope costs a look-up and two inserts.
    func deposit(_ deposits: [PreparedDeposit]) throws -> DepositBatch {
        var batch = DepositBatch()
        for deposit in deposits {
            batch.outcomes.append(try self.deposit(deposit, in: &batch))
        }
        for recipient in batch.recipients.values {
            for device in recipient.changed {
                guard let mailbox = recipient.mailboxes[device] else { continue }
                try save(mailbox)
            }
        }
        return batch
    }

    private func deposit(_ prepared: PreparedDeposit, in batch: inout DepositBatch) throws -> DepositOutcome {
        let deposit = prepared.deposit
        guard var recipient = try batch.recipients[deposit.recipient] ?? recipient(named: deposit.recipient) else {
            return .unknownRecipient
        }
        defer { batch.recipients[deposit.recipient] = recipient }
        let names = keyring.names(of: deposit.id, by: deposit.depositor, for: .deposit, at: now)
        for name in names {
            if let known = try knownDeposit(prepared, name: name, to: recipient.id) { return known }
        }
        if let refusal = recipient.refusal(of: deposit, at: now) { return refusal }

        var items: [DepositReceipt.Item] = []
        for envelope in deposit.envelopes.sorted(by: { $0.device < $1.device }) {
            guard var mailbox = recipient.mailboxes[envelope.device] else { return .unknownRecipient }
            if mailbox.isFull(for: envelope.content.count), mailbox.mayHoldExpired(at: now) {
                _ = try sweep(&mailbox, limit: Limits.mailboxEnvelopes)
                batch.swept.insert(mailbox.key)
            }
            if mailbox.isFull(for: envelope.content.count) {
                mailbox.refused += 1
                items.append(.init(device: envelope.device, outcome: .mailboxFull, state: nil))
            } else {
                let outcome = try store(envelope, of: deposit, in: &mailbox)
                items.append(
                    .init(device: envelope.device, outcome: outcome, state: recipient.state(of: mailbox)))
            }
            recipient.mailboxes[envelope.device] = mailbox
            recipient.changed.insert(envelope.device)
        }
        guard items.contains(where: { $0.outcome != .mailboxFull }) else {
            return .mailboxFull(items.map(\.device))
        }
        for item in items { try remember(item, of: prepared, name: names[0], to: recipient.id) }
        return .accepted(DepositReceipt(recipient: recipient.id, received: now, new: true, items: items))
    }

    private func store(
        _ envelope: Deposit.Envelope, of deposit: Deposit, in mailbox: inout Mailbox
    ) throws -> EnvelopeOutcome {
        let expires = now + deposit.ttl
        mailbox.head = mailbox.head.next
        mailbox.count += 1
        mailbox.bytes += envelope.content.count
        mailbox.nextExpiry = min(mailbox.nextExpiry ?? expires, expires)
        try run(
            """
            INSERT INTO envelope (account, device, seq, received, expires, id, sender, content)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                mailbox.key.account, mailbox.key.device, mailbox.head, now, expires, deposit.id.description,
                deposit.sender, blob(envelope.content),
            ])
        return .stored(mailbox.head, expires: expires)
    }
}

/// What a batch of deposits has done so far.
struct DepositBatch {
    var outcomes: [DepositOutcome] = []
    var recipients: [Handle: Recipient] = [:]
    /// Mailboxes that were swept to make room.
    var swept: Set<MailboxKey> = []
}
