import SealpostCore

package struct NewDevice: Sendable {
    package var account: AccountID
    /// The session that becomes the device.
    package var session: RecordID
    package var name: String
    /// Ed25519, 32 bytes, checked.
    package var identityKey: [UInt8]
    /// Signatures checked.
    package var prekeys: LongLivedPrekeys

    package init(
        account: AccountID, session: RecordID, name: String, identityKey: [UInt8], prekeys: LongLivedPrekeys
    ) {
        self.account = account
        self.session = session
        self.name = name
        self.identityKey = identityKey
        self.prekeys = prekeys
    }
}

package enum DeviceRegistration: Sendable {
    /// Registered now, or before with the same key; the session is that device.
    case registered(DeviceNumber, Session)
    /// The session is bound to another device.
    case sessionBound(DeviceNumber)
    /// The key is or was that of a device of another account, or of a removed one.
    case keyTaken
    case tooMany
    /// The account has had as many devices as it can ever have.
    case tooManyEver
    case unknownSession
}

package struct Device: Sendable, Hashable {
    package var number: DeviceNumber
    package var name: String
    package var identityKey: [UInt8]
    package var state: DeviceState
    package var created: Timestamp
    /// The last fetch, to the hour.
    package var lastFetch: Timestamp?

    package init(
        number: DeviceNumber, name: String, identityKey: [UInt8], state: DeviceState, created: Timestamp,
        lastFetch: Timestamp?
    ) {
        self.number = number
        self.name = name
        self.identityKey = identityKey
        self.state = state
        self.created = created
        self.lastFetch = lastFetch
    }
}

package enum OpeningOutcome: Sendable, Hashable {
    /// The next number; the same again for a repeat with the same nonce.
    case opened(UInt64)
    /// `last` is not the newest: the client's state is an old copy.
    case rollback
    case unknownDevice
}

package enum PrekeyUpload: Sendable, Hashable {
    case stored(PrekeyCounts)
    /// The id is, or was, that of another key of the kind.
    case conflict(id: UInt32)
    /// More than `Limits.prekeysHeld` would be held.
    case tooMany(PrekeyCounts)
    case unknownDevice
}

/// One prekey in the digest's order.
package struct PrekeyState: Sendable, Hashable {
    package var counts: PrekeyCounts
    package var digest: [UInt8]

    package init(counts: PrekeyCounts, digest: [UInt8]) {
        self.counts = counts
        self.digest = digest
    }
}

package struct Claim: Sendable {
    package var target: Handle
    package var depositor: Depositor
    package var requestID: EnvelopeID
    /// Absent: every device that a strict deposit must cover.
    package var devices: [DeviceNumber]?
    /// The claimer's own device, never part of the default set.
    package var ownDevice: MailboxKey?

    package init(
        target: Handle, depositor: Depositor, requestID: EnvelopeID, devices: [DeviceNumber]?, ownDevice: MailboxKey?
    ) {
        self.target = target
        self.depositor = depositor
        self.requestID = requestID
        self.devices = devices
        self.ownDevice = ownDevice
    }
}

package enum ClaimOutcome: Sendable {
    case claimed(ClaimAnswer, account: AccountID)
    case unknownAccount
    /// The request id was used with other devices.
    case idConflict
    /// The account has no list, or none of its devices can be claimed.
    case noDevices
    case unknownDevices([DeviceNumber])
    /// Somebody else holds the mailbox's lock beyond the lock time-out: nothing was changed, try again.
    case busy
}
