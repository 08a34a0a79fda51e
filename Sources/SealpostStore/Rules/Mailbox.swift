import SealpostCore

/// The row of a device, as far as its mailbox and state need it. Stores make changes here and save them once.
package struct Mailbox: Sendable {
    package let key: MailboxKey
    /// Since when the list names the device; nil: pending, without a mailbox.
    package var listed: Timestamp?
    package var lastFetch: Timestamp?
    /// The last dormancy: since when it was (nil: its end was acknowledged), and the fetch that ended it.
    package var dormantSince: Timestamp?
    package var dormancyEnd: Timestamp?
    package var head: Sequence
    package var acked: Sequence
    package var count: Int
    package var bytes: Int
    package var refused: Int64
    package var tombstones: Int
    /// No envelope expires before; it may be earlier than the first one does.
    package var nextExpiry: Timestamp?
    package var oneTime: Int
    package var oneTimeKEM: Int

    package init(
        key: MailboxKey, listed: Timestamp?, lastFetch: Timestamp?, dormantSince: Timestamp?, dormancyEnd: Timestamp?,
        head: Sequence, acked: Sequence, count: Int, bytes: Int, refused: Int64, tombstones: Int,
        nextExpiry: Timestamp?, oneTime: Int, oneTimeKEM: Int
    ) {
        self.key = key
        self.listed = listed
        self.lastFetch = lastFetch
        self.dormantSince = dormantSince
        self.dormancyEnd = dormancyEnd
        self.head = head
        self.acked = acked
        self.count = count
        self.bytes = bytes
        self.refused = refused
        self.tombstones = tombstones
        self.nextExpiry = nextExpiry
        self.oneTime = oneTime
        self.oneTimeKEM = oneTimeKEM
    }

    package var isListed: Bool { listed != nil }
    package var prekeys: PrekeyCounts { PrekeyCounts(oneTime: oneTime, oneTimeKEM: oneTimeKEM) }

    /// The last sign of life: a fetch, or that it was listed.
    package var lastSeen: Timestamp? { listed.map { max($0, lastFetch ?? $0) } }

    package func isDormant(at now: Timestamp) -> Bool {
        lastSeen.map { $0 + Limits.dormancy <= now } ?? false
    }

    /// The dormancy that a fetch tells of: one that it ends, or that ended within a day and is not known to have been
    /// told, for the answer may have been lost. An empty mailbox gives nothing to acknowledge: hence the day.
    package func toldDormancy(at now: Timestamp) -> Timestamp? {
        if isDormant(at: now) { return lastSeen }
        return dormancyEnd.flatMap { now < $0 + .days(1) ? dormantSince : nil }
    }

    package func state(at now: Timestamp) -> DeviceState {
        !isListed ? .pending : isDormant(at: now) ? .dormant : .listed
    }

    /// Whether an envelope of this size is refused.
    package func isFull(for size: Int) -> Bool {
        count >= Limits.mailboxEnvelopes || bytes + size > Limits.mailboxBytes
    }

    /// Whether something may be in it that is over.
    package func mayHoldExpired(at now: Timestamp) -> Bool {
        nextExpiry.map { $0 <= now } ?? false
    }
}

extension [DeviceNumber: Mailbox] {
    /// What a strict deposit must cover: listed, existing, not dormant, not the depositing device itself.
    package func required(of account: AccountID, except own: MailboxKey?, at now: Timestamp) -> [DeviceNumber] {
        values.filter { $0.isListed && !$0.isDormant(at: now) && $0.key != own }.map(\.key.device).sorted()
    }

    /// The devices that wait for a list that names them.
    package var pending: [DeviceNumber] { values.filter { !$0.isListed }.map(\.key.device).sorted() }
}

extension Timestamp {
    /// The beginning of its hour: as closely as stores note when somebody was at their device.
    package var hour: Timestamp { Timestamp(milliseconds: milliseconds - milliseconds % 3_600_000) }
}
