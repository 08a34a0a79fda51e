import PostgresKit
import SealpostCore
import SealpostStore

/// A batch of deposits in two round trips, however many they are: lock and look; write and commit. What must be swept
/// to make room costs more.
extension Transaction {
    func deposit(_ deposits: [PreparedDeposit]) throws -> DepositBatch.Result {
        var batch = try DepositBatch(deposits, self)
        for deposit in deposits { try batch.add(deposit, self) }
        batch.flush(self)
        return batch.result
    }
}

/// What a batch of deposits has read, and what it is going to write.
struct DepositBatch {
    struct Result {
        var outcomes: [DepositOutcome] = []
        /// Mailboxes that were swept to make room.
        var swept: Set<MailboxKey> = []
    }

    private struct Name: Hashable {
        var account: AccountID
        var name: [UInt8]
    }

    /// A row of the table `deposit`.
    private struct Known {
        var account: AccountID
        var name: [UInt8]
        var device: DeviceNumber
        var digest: [UInt8]
        /// Absent: refused.
        var seq: Sequence?
        var received: Timestamp
        var expires: Timestamp
        var forget: Timestamp
    }

    private struct NewEnvelope {
        var mailbox: MailboxKey
        var envelope: Envelope
    }

    private(set) var result = Result()
    private var recipients: [Handle: Recipient] = [:]
    private var locked: Set<MailboxKey> = []
    private var known: [Name: [Known]] = [:]

    private var newEnvelopes: [NewEnvelope] = []
    private var newKnown: [Known] = []

    /// Locks the mailboxes that the batch writes, and then looks at them, at the other devices of their accounts and at
    /// the ids.
    init(_ deposits: [PreparedDeposit], _ transaction: Transaction) throws {
        var places = Set<MailboxAddress>()
        var named: [(handle: String, name: [UInt8])] = []
        for prepared in deposits {
            for envelope in prepared.deposit.envelopes {
                places.insert(MailboxAddress(handle: prepared.deposit.recipient, device: envelope.device))
            }
            for name in Self.names(of: prepared.deposit, transaction) {
                named.append((prepared.deposit.recipient.description, name))
            }
        }
        let ordered = Array(places)
        let looks = try transaction.pipeline([
            """
            SELECT device.account, device.number
            FROM unnest(\(ordered.map(\.handle.description)), \(ordered.map(\.device.column))) AS wanted (handle, number)
            JOIN account ON account.handle = wanted.handle
            JOIN device ON device.account = account.id AND device.number = wanted.number
            ORDER BY device.account, device.number FOR NO KEY UPDATE OF device \(unsafeSQL: transaction.skipping)
            """,
            Transaction.recipients(named: Set(ordered.map(\.handle.description)).sorted()),
            """
            SELECT known.account, known.name, known.device, known.digest, known.seq, known.received, known.expires,
                known.forget
            FROM unnest(\(named.map(\.handle)), \(named.map(\.name))) AS wanted (handle, name)
            JOIN account ON account.handle = wanted.handle
            CROSS JOIN LATERAL (
                SELECT * FROM deposit WHERE deposit.account = account.id AND deposit.name = wanted.name
                \(unsafeSQL: Transaction.fence)
            ) AS known
            WHERE known.forget > \(transaction.now)
            """,
        ])
        locked = try looks[0].mailboxKeys()
        for recipient in try Transaction.recipients(from: looks[1]) { recipients[recipient.handle] = recipient }
        for row in looks[2] {
            let deposit = Known(
                account: try row.account(0), name: try row.bytes(1), device: try row.device(2),
                digest: try row.bytes(3), seq: try row.optional(4, as: Int64.self).map { Sequence($0) },
                received: try row.time(5), expires: try row.time(6), forget: try row.time(7))
            known[Name(account: deposit.account, name: deposit.name), default: []].append(deposit)
        }
    }

    private static func names(of deposit: Deposit, _ transaction: Transaction) -> [[UInt8]] {
        transaction.keyring.names(of: deposit.id, by: deposit.depositor, for: .deposit, at: transaction.now)
    }

    /// Takes the next deposit, as if those before it were committed.
    mutating func add(_ prepared: PreparedDeposit, _ transaction: Transaction) throws {
        result.outcomes.append(try outcome(of: prepared, transaction))
    }

    private mutating func outcome(
        of prepared: PreparedDeposit, _ transaction: Transaction
    ) throws -> DepositOutcome {
        let deposit = prepared.deposit
        guard var recipient = recipients[deposit.recipient] else { return .unknownRecipient }
        let names = Self.names(of: deposit, transaction)
        for name in names {
            if let outcome = knownOutcome(of: prepared, Name(account: recipient.id, name: name), transaction) {
                return outcome
            }
        }
        if let refusal = recipient.refusal(of: deposit, at: transaction.now) { return refusal }
        let keys = deposit.envelopes.map { MailboxKey(account: recipient.id, device: $0.device) }
        guard keys.allSatisfy(locked.contains) else { return .busy }

        var items: [DepositReceipt.Item] = []
        for envelope in deposit.envelopes.sorted(by: { $0.device < $1.device }) {
            guard var mailbox = recipient.mailboxes[envelope.device] else { return .unknownRecipient }
            if mailbox.isFull(for: envelope.content.count), mailbox.mayHoldExpired(at: transaction.now) {
                flush(transaction)
                _ = try transaction.sweep(&mailbox, limit: Limits.mailboxEnvelopes)
                result.swept.insert(mailbox.key)
            }
            if mailbox.isFull(for: envelope.content.count) {
                mailbox.refused += 1
                items.append(.init(device: envelope.device, outcome: .mailboxFull, state: nil))
            } else {
                let outcome = store(envelope, of: deposit, in: &mailbox, transaction)
                items.append(.init(device: envelope.device, outcome: outcome, state: recipient.state(of: mailbox)))
            }
            recipient.mailboxes[envelope.device] = mailbox
            recipient.changed.insert(envelope.device)
        }
        recipients[deposit.recipient] = recipient
        guard items.contains(where: { $0.outcome != .mailboxFull }) else {
            return .mailboxFull(items.map(\.device))
        }
        for item in items { remember(item, of: prepared, Name(account: recipient.id, name: names[0]), transaction) }
        return .accepted(
            DepositReceipt(recipient: recipient.id, received: transaction.now, new: true, items: items))
    }

    /// The outcome if the id is known in one of the deposit's mailboxes; nil if it is new.
    private func knownOutcome(
        of prepared: PreparedDeposit, _ name: Name, _ transaction: Transaction
    ) -> DepositOutcome? {
        let asked = Set(prepared.deposit.envelopes.map(\.device))
        let rows = (known[name] ?? []).filter { asked.contains($0.device) }.sorted { $0.device < $1.device }
        guard let last = rows.last else { return nil }
        guard rows.allSatisfy({ $0.digest == prepared.digest }) else { return .idConflict }
        let items = rows.map { row in
            DepositReceipt.Item(
                device: row.device, outcome: row.seq.map { .stored($0, expires: row.expires) } ?? .mailboxFull,
                state: nil)
        }
        return .accepted(
            DepositReceipt(recipient: name.account, received: last.received, new: false, items: items))
    }

    private mutating func store(
        _ envelope: Deposit.Envelope, of deposit: Deposit, in mailbox: inout Mailbox, _ transaction: Transaction
    ) -> EnvelopeOutcome {
        let expires = transaction.now + deposit.ttl
        mailbox.head = mailbox.head.next
        mailbox.count += 1
        mailbox.bytes += envelope.content.count
        mailbox.nextExpiry = min(mailbox.nextExpiry ?? expires, expires)
        newEnvelopes.append(
            NewEnvelope(
                mailbox: mailbox.key,
                envelope: Envelope(
                    seq: mailbox.head, id: deposit.id, from: deposit.sender, received: transaction.now,
                    expires: expires, content: envelope.content)))
        return .stored(mailbox.head, expires: expires)
    }

    private mutating func remember(
        _ item: DepositReceipt.Item, of prepared: PreparedDeposit, _ name: Name, _ transaction: Transaction
    ) {
        var seq: Sequence?
        if case .stored(let stored, _) = item.outcome { seq = stored }
        let row = Known(
            account: name.account, name: name.name, device: item.device, digest: prepared.digest, seq: seq,
            received: transaction.now, expires: transaction.now + prepared.deposit.ttl,
            forget: transaction.now + max(prepared.deposit.ttl, Limits.idMemory))
        known[name, default: []].append(row)
        newKnown.append(row)
    }

    /// Sends off what is new, with what comes next, at the latest with COMMIT.
    mutating func flush(_ transaction: Transaction) {
        if !newEnvelopes.isEmpty {
            let rows = newEnvelopes
            transaction.later(
                """
                INSERT INTO envelope (account, seq, received, expires, device, id, sender, content)
                SELECT account, seq, \(transaction.now), expires, device, id, sender, content
                FROM unnest(\(rows.map(\.mailbox.account.value)), \(rows.map(\.envelope.seq.value)),
                    \(rows.map(\.envelope.expires.milliseconds)), \(rows.map(\.mailbox.device.column)),
                    \(rows.map(\.envelope.id.description)), \(rows.map(\.envelope.from)), \(rows.map(\.envelope.content)))
                    AS new (account, seq, expires, device, id, sender, content)
                """)
        }
        if !newKnown.isEmpty {
            let rows = newKnown
            // Replaces a row whose time is over and that is not yet swept.
            transaction.later(
                """
                INSERT INTO deposit (account, seq, received, expires, forget, device, name, digest)
                SELECT account, seq, \(transaction.now), expires, forget, device, name, digest
                FROM unnest(\(rows.map(\.account.value)), \(rows.map { $0.seq?.value }),
                    \(rows.map(\.expires.milliseconds)), \(rows.map(\.forget.milliseconds)),
                    \(rows.map(\.device.column)), \(rows.map(\.name)), \(rows.map(\.digest)))
                    AS new (account, seq, expires, forget, device, name, digest)
                ON CONFLICT (account, name, device) DO UPDATE
                SET seq = excluded.seq, received = excluded.received, expires = excluded.expires,
                    forget = excluded.forget, digest = excluded.digest
                """)
        }
        let changed = recipients.values.flatMap { recipient in
            recipient.changed.compactMap { recipient.mailboxes[$0] }
        }
        transaction.save(changed)
        newEnvelopes = []
        newKnown = []
    }
}
