import PostgresKit
import SealpostCore
import SealpostStore

extension Transaction {
    func setAccountKey(_ change: DeviceListChange, of id: AccountID) throws -> DeviceListOutcome {
        try self.change(list: change, of: id, replacingKey: true)
    }

    func changeDeviceList(_ change: DeviceListChange, of id: AccountID) throws -> DeviceListOutcome {
        try self.change(list: change, of: id, replacingKey: false)
    }

    /// Under the locks of all the mailboxes: a deposit is wholly before the change or after it.
    private func change(
        list change: DeviceListChange, of id: AccountID, replacingKey: Bool
    ) throws -> DeviceListOutcome {
        guard try lockWithMailboxes(id) else { return .unknownAccount }
        let looks = try pipeline([
            "SELECT account_key, list_version, list_hash FROM account WHERE id = \(id)",
            "SELECT number, identity_key FROM device WHERE account = \(id)",
        ])
        guard let row = looks[0].first else { return .unknownAccount }
        let hash = try row.optionalBytes(2)
        let registered = try looks[1].map { (try $0.device(0), try $0.bytes(1)) }
        let current = CurrentDeviceList(
            accountKey: try row.optionalBytes(0),
            version: hash == nil ? nil : UInt64(bitPattern: try row.integer(1)), hash: hash,
            registered: Dictionary(uniqueKeysWithValues: registered))
        if let outcome = change.outcome(against: current, replacingKey: replacingKey) { return outcome }
        later(
            """
            UPDATE account SET account_key = \(change.accountKey),
                list_version = \(Int64(bitPattern: change.list.version)), list_hash = \(change.list.hash),
                list_bytes = \(change.list.bytes), list_signature = \(change.list.signature)
            WHERE id = \(id)
            """)
        let named = change.entries.map(\.device.column)
        later(
            """
            UPDATE device SET listed = \(now) WHERE account = \(id) AND number = ANY(\(named)) AND listed IS NULL
            """)
        // Its mail stays for the case that a later list names it again.
        later(
            """
            UPDATE device SET listed = NULL
            WHERE account = \(id) AND NOT number = ANY(\(named)) AND listed IS NOT NULL
            """)
        return .stored
    }
}
