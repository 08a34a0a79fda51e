import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    func setAccountKey(_ change: DeviceListChange, of id: AccountID) throws -> DeviceListOutcome {
        try self.change(list: change, of: id, replacingKey: true)
    }

    func changeDeviceList(_ change: DeviceListChange, of id: AccountID) throws -> DeviceListOutcome {
        try self.change(list: change, of: id, replacingKey: false)
    }

    private func change(
        list change: DeviceListChange, of id: AccountID, replacingKey: Bool
    ) throws -> DeviceListOutcome {
        guard let row = try row("SELECT account_key, list_version, list_hash FROM account WHERE id = ?", [id]) else {
            return .unknownAccount
        }
        let hash = try row.optionalBytes(2)
        let keys = try rows("SELECT number, identity_key FROM device WHERE account = ?", [id]) {
            (try $0.device(0), try $0.bytes(1))
        }
        let current = CurrentDeviceList(
            accountKey: try row.optionalBytes(0), version: hash == nil ? nil : UInt64(bitPattern: row.integer(1)),
            hash: hash, registered: Dictionary(uniqueKeysWithValues: keys))
        if let outcome = change.outcome(against: current, replacingKey: replacingKey) { return outcome }
        try run(
            """
            UPDATE account SET account_key = ?, list_version = ?, list_hash = ?, list_bytes = ?, list_signature = ?
            WHERE id = ?
            """,
            [
                blob(change.accountKey), Int64(bitPattern: change.list.version), blob(change.list.hash),
                blob(change.list.bytes), blob(change.list.signature), id,
            ])
        let named = Set(change.entries.map(\.device))
        for device in current.registered.keys.sorted() {
            if named.contains(device) {
                try run(
                    "UPDATE device SET listed = ? WHERE account = ? AND number = ? AND listed IS NULL",
                    [now, id, device])
            } else {
                // Its mail stays for the case that a later list names it again.
                try run("UPDATE device SET listed = NULL WHERE account = ? AND number = ?", [id, device])
            }
        }
        return .stored
    }
}
