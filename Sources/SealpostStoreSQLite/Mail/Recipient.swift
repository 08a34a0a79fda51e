import GRDB
import SealpostCore
import SealpostStore

/// An account with all its devices, as a batch of deposits reads it once and a fetch needs it.
struct Recipient {
    let id: AccountID
    let handle: Handle
    let listVersion: UInt64?
    let listHash: [UInt8]?
    var mailboxes: [DeviceNumber: Mailbox]
    /// Devices whose row is to be saved.
    var changed: Set<DeviceNumber> = []

    var accountState: AccountState {
        AccountState(listVersion: listVersion, listHash: listHash, pendingDevices: mailboxes.pending)
    }

    func state(of mailbox: Mailbox) -> MailboxState {
        MailboxState(
            address: MailboxAddress(handle: handle, device: mailbox.key.device), count: mailbox.count,
            bytes: mailbox.bytes, refused: mailbox.refused, prekeys: mailbox.prekeys, account: accountState)
    }
}

extension Transaction {
    func recipient(named handle: Handle) throws -> Recipient? {
        try row(
            "SELECT id, handle, list_version, list_hash FROM account WHERE handle = ?", [handle.description]
        ).map(recipient)
    }

    func recipient(_ id: AccountID) throws -> Recipient? {
        try row("SELECT id, handle, list_version, list_hash FROM account WHERE id = ?", [id]).map(recipient)
    }

    private func recipient(_ row: Row) throws -> Recipient {
        let hash = try row.optionalBytes(3)
        return Recipient(
            id: row.account(0), handle: try row.handle(1),
            listVersion: hash == nil ? nil : UInt64(bitPattern: row.integer(2)), listHash: hash,
            mailboxes: try mailboxes(of: row.account(0)))
    }
}
