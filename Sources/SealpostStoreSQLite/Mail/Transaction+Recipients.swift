import GRDB
import SealpostCore
import SealpostStore

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
