import SealpostCore

/// What a change of a device list is compared with: the account's row and its devices.
package struct CurrentDeviceList: Sendable {
    package var accountKey: [UInt8]?
    package var version: UInt64?
    package var hash: [UInt8]?
    /// The identity keys of all devices of the account.
    package var registered: [DeviceNumber: [UInt8]]

    package init(
        accountKey: [UInt8]?, version: UInt64?, hash: [UInt8]?, registered: [DeviceNumber: [UInt8]]
    ) {
        self.accountKey = accountKey
        self.version = version
        self.hash = hash
        self.registered = registered
    }
}

extension DeviceListChange {
    /// What the change comes to without being made; nil if it is to be made.
    package func outcome(against current: CurrentDeviceList, replacingKey: Bool) -> DeviceListOutcome? {
        if !replacingKey {
            guard let key = current.accountKey else { return .noAccountKey }
            guard key == accountKey else { return .otherAccountKey }
        }
        if current.hash == list.hash, current.version == list.version, current.accountKey == accountKey {
            return .stored
        }
        guard list.version == (current.version ?? 0) &+ 1,
            previous == current.hash ?? [UInt8](repeating: 0, count: 32)
        else { return .conflict(version: current.version, hash: current.hash) }
        for entry in entries where current.registered[entry.device] != entry.identityKey {
            return .unknownDevice(entry.device)
        }
        return nil
    }
}
