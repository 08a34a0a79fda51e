import SealpostCore

/// An account with all its devices, as a batch of deposits reads it once and a fetch needs it.
package struct Recipient: Sendable {
    package let id: AccountID
    package let handle: Handle
    package let listVersion: UInt64?
    package let listHash: [UInt8]?
    package var mailboxes: [DeviceNumber: Mailbox]
    /// Devices whose row is to be saved.
    package var changed: Set<DeviceNumber> = []

    package init(
        id: AccountID, handle: Handle, listVersion: UInt64?, listHash: [UInt8]?,
        mailboxes: [DeviceNumber: Mailbox]
    ) {
        self.id = id
        self.handle = handle
        self.listVersion = listVersion
        self.listHash = listHash
        self.mailboxes = mailboxes
    }

    package var accountState: AccountState {
        AccountState(listVersion: listVersion, listHash: listHash, pendingDevices: mailboxes.pending)
    }

    package func state(of mailbox: Mailbox) -> MailboxState {
        MailboxState(
            address: MailboxAddress(handle: handle, device: mailbox.key.device), count: mailbox.count,
            bytes: mailbox.bytes, refused: mailbox.refused, prekeys: mailbox.prekeys, account: accountState)
    }

    /// Why a deposit is refused for the devices that it covers; nil if it covers what it has to.
    package func refusal(of deposit: Deposit, at now: Timestamp) -> DepositOutcome? {
        let covered = Set(deposit.envelopes.map(\.device))
        let gone = covered.filter { mailboxes[$0]?.isListed != true }.sorted()
        switch deposit.coverage {
        case .raw, .ignore:
            return gone.isEmpty ? nil : .deviceMismatch(missing: [], gone: gone)
        case .strict:
            let required = mailboxes.required(of: id, except: deposit.ownDevice, at: now)
            let missing = required.filter { !covered.contains($0) }
            return gone.isEmpty && missing.isEmpty ? nil : .deviceMismatch(missing: missing, gone: gone)
        }
    }
}
