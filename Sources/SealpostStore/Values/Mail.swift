import SealpostCore

/// Who receives a deposit and what must be covered.
package enum DepositCoverage: Sendable, Hashable {
    /// `PUT …/deposits/{id}` with `policy: strict`.
    case strict
    /// `PUT …/deposits/{id}` with `policy: ignore`.
    case ignore
    /// `PUT /v1/mailboxes/{address}/envelopes/{id}`: one raw envelope.
    case raw
}

package struct Deposit: Sendable {
    package struct Envelope: Sendable, Hashable {
        package var device: DeviceNumber
        /// Shaped like an envelope, at most `Limits.envelopeBytes`.
        package var content: [UInt8]

        package init(device: DeviceNumber, content: [UInt8]) {
            self.device = device
            self.content = content
        }
    }

    package var recipient: Handle
    package var depositor: Depositor
    /// What the recipient sees as `from`.
    package var sender: String?
    /// The depositing device; never required by `strict`.
    package var ownDevice: MailboxKey?
    package var id: EnvelopeID
    /// Each device at most once, at least one.
    package var envelopes: [Envelope]
    /// Within `Limits.minimumTTL` … `Limits.maximumTTL`.
    package var ttl: Duration
    package var coverage: DepositCoverage

    package init(
        recipient: Handle, depositor: Depositor, sender: String?, ownDevice: MailboxKey?, id: EnvelopeID,
        envelopes: [Envelope], ttl: Duration, coverage: DepositCoverage
    ) {
        self.recipient = recipient
        self.depositor = depositor
        self.sender = sender
        self.ownDevice = ownDevice
        self.id = id
        self.envelopes = envelopes
        self.ttl = ttl
        self.coverage = coverage
    }
}

/// What became of the envelope for one device.
package enum EnvelopeOutcome: Sendable, Hashable {
    case stored(Sequence, expires: Timestamp)
    case mailboxFull
}

package struct DepositReceipt: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        package var device: DeviceNumber
        package var outcome: EnvelopeOutcome
        /// The mailbox right after this deposit's transaction; nil in a repeat and for a refused envelope.
        package var state: MailboxState?

        package init(device: DeviceNumber, outcome: EnvelopeOutcome, state: MailboxState?) {
            self.device = device
            self.outcome = outcome
            self.state = state
        }
    }

    package var recipient: AccountID
    package var received: Timestamp
    /// Whether it was stored by this call and not by an earlier one.
    package var new: Bool
    /// By device number.
    package var items: [Item]

    package init(recipient: AccountID, received: Timestamp, new: Bool, items: [Item]) {
        self.recipient = recipient
        self.received = received
        self.new = new
        self.items = items
    }
}

package enum DepositOutcome: Sendable, Hashable {
    /// At least one envelope was stored, now or by an earlier call with this id.
    case accepted(DepositReceipt)
    case unknownRecipient
    case deviceMismatch(missing: [DeviceNumber], gone: [DeviceNumber])
    /// The id is known with other content.
    case idConflict
    /// Every mailbox was full: nothing was stored and the id is not remembered.
    case mailboxFull([DeviceNumber])
    /// Somebody else holds the mailbox's lock beyond the lock time-out: nothing was changed, try again.
    case busy
}

/// One envelope in its mailbox.
package struct Envelope: Sendable, Hashable {
    package var seq: Sequence
    package var id: EnvelopeID
    package var from: String?
    package var received: Timestamp
    package var expires: Timestamp
    package var content: [UInt8]

    package init(
        seq: Sequence, id: EnvelopeID, from: String?, received: Timestamp, expires: Timestamp, content: [UInt8]
    ) {
        self.seq = seq
        self.id = id
        self.from = from
        self.received = received
        self.expires = expires
        self.content = content
    }
}

/// What a poll says of the account, read in the same transaction as the mail.
package struct AccountState: Sendable, Hashable {
    package var listVersion: UInt64?
    package var listHash: [UInt8]?
    package var pendingDevices: [DeviceNumber]

    package init(listVersion: UInt64?, listHash: [UInt8]?, pendingDevices: [DeviceNumber]) {
        self.listVersion = listVersion
        self.listHash = listHash
        self.pendingDevices = pendingDevices
    }
}

/// Everything in a mailbox answer that is not an item.
package struct MailboxState: Sendable, Hashable {
    package var address: MailboxAddress
    package var count: Int
    package var bytes: Int
    package var refused: Int64
    package var prekeys: PrekeyCounts
    package var account: AccountState

    package init(
        address: MailboxAddress, count: Int, bytes: Int, refused: Int64, prekeys: PrekeyCounts, account: AccountState
    ) {
        self.address = address
        self.count = count
        self.bytes = bytes
        self.refused = refused
        self.prekeys = prekeys
        self.account = account
    }
}

package struct Fetch: Sendable {
    package var mailbox: MailboxKey
    /// Absent: what was acknowledged last.
    package var after: Sequence?
    /// Envelopes and tombstones together, 1 – `Limits.fetchItems`.
    package var limit: Int

    package init(mailbox: MailboxKey, after: Sequence?, limit: Int) {
        self.mailbox = mailbox
        self.after = after
        self.limit = limit
    }
}

/// One item of a mailbox in seq order.
package enum MailboxItem: Sendable, Hashable {
    case envelope(Envelope)
    case tombstone(Tombstone)

    /// Where the cursor stands after this item.
    package var end: Sequence {
        switch self {
        case .envelope(let envelope): envelope.seq
        case .tombstone(let tombstone): tombstone.through
        }
    }
}

package struct MailboxPage: Sendable, Hashable {
    package var items: [MailboxItem]
    /// The end of the last item, else where the fetch began: never the head.
    package var cursor: Sequence
    package var more: Bool
    package var state: MailboxState
    package var dormantSince: Timestamp?

    package init(
        items: [MailboxItem], cursor: Sequence, more: Bool, state: MailboxState, dormantSince: Timestamp?
    ) {
        self.items = items
        self.cursor = cursor
        self.more = more
        self.state = state
        self.dormantSince = dormantSince
    }
}

/// Indirect: a parked poll holds one all the while, in the frames of its task.
package indirect enum FetchOutcome: Sendable, Hashable {
    case page(MailboxPage)
    /// The device is pending: it has no mailbox yet.
    case pending(AccountState)
    case cursorAhead(head: Sequence)
    case unknownDevice
}

/// As much of a mailbox as tells a waiting poll whether there is news for it.
package struct MailboxHead: Sendable, Hashable {
    /// Mailboxes that one call of `heads` takes.
    package static let limit = 1000

    /// The last seq given in the mailbox; `.start` for a pending device.
    package var head: Sequence
    package var account: AccountState

    package init(head: Sequence, account: AccountState) {
        self.head = head
        self.account = account
    }
}

package struct Ack: Sendable, Hashable {
    package enum Extent: Sendable, Hashable {
        case through(Sequence)
        case seqs([Sequence])
    }

    package var mailbox: MailboxKey
    package var extent: Extent

    package init(mailbox: MailboxKey, extent: Extent) {
        self.mailbox = mailbox
        self.extent = extent
    }
}

package enum AckOutcome: Sendable, Hashable {
    case acked(through: Sequence, count: Int, bytes: Int)
    case ahead(head: Sequence)
    case pending
    case unknownDevice
    /// Somebody else holds the mailbox's lock beyond the lock time-out: nothing was changed, try again.
    case busy
}

package struct Withdrawal: Sendable, Hashable {
    package var recipient: Handle
    package var device: DeviceNumber
    package var depositor: Depositor
    package var id: EnvelopeID

    package init(recipient: Handle, device: DeviceNumber, depositor: Depositor, id: EnvelopeID) {
        self.recipient = recipient
        self.device = device
        self.depositor = depositor
        self.id = id
    }
}

/// What a sweep did: at most the asked number of rows of each kind.
package struct SweepReport: Sendable, Hashable {
    /// Mailboxes in which something expired: their polls must look again.
    package var expired: Set<MailboxKey>
    /// Rows that went, of all kinds.
    package var removed: Int
    /// Whether some kind had as many as were asked for: sweep again soon.
    package var more: Bool

    package init(expired: Set<MailboxKey>, removed: Int, more: Bool) {
        self.expired = expired
        self.removed = removed
        self.more = more
    }
}
