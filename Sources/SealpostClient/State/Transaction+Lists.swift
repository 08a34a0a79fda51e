import SealpostCore
import SealpostFormats
import SodiumKit

extension Transaction {
    /// Signs the list that follows the account's current one and keeps it as the draft, which has to be on the server
    /// before another one is signed: so no version is ever signed with two contents.
    func draftList(_ change: ([SignedList.Device]) throws -> [SignedList.Device]) throws {
        var device = try device()
        guard device.draft == nil else { throw ClientError.invalidArgument("a device list is being published") }
        guard let account = try DeviceKeys.load(in: self).account else { throw ClientError.notAccountKeyHolder }
        let current = try contact(device.handle)?.list
        let devices = try change(current?.devices ?? [])
        guard devices.count <= DeviceList.maximumDevices else {
            throw ClientError.invalidArgument("an account has at most \(DeviceList.maximumDevices) devices")
        }
        let list: DeviceList
        do {
            list = try DeviceList(
                handle: device.handle.description, version: (current?.version ?? 0) + 1,
                previous: current?.hash.bytes ?? DeviceList.noPredecessor, accountKey: account.key.publicKey,
                entries: devices.map {
                    DeviceList.Entry(number: $0.number.value, identityKey: $0.identityKey.bytes, added: $0.added)
                })
        } catch {
            throw ClientError.invalidArgument("the device list cannot be made: \(error)")
        }
        device.draft = SignedList(list, signature: try account.key.sign(list))
        try setDevice(device)
    }

    /// The draft is the account's list now.
    func adoptDraft(now: Timestamp) throws {
        var device = try device()
        guard let draft = device.draft, let key = device.accountKey else { return }
        if var own = try contact(device.handle) {
            own.replace(by: draft, now: now)
            try setContact(own)
        } else {
            try setContact(ContactRecord(own: device.handle, accountKey: key.bytes, list: draft, now: now))
        }
        device.draft = nil
        try setDevice(device)
        try followOwnList()
    }

    /// Brings the device's phase in line with the account's list; only the account key that this device knows counts.
    func followOwnList() throws {
        var device = try device()
        guard let number = device.number, let own = try contact(device.handle), own.accountKey == device.accountKey
        else { return }
        let isNamed = own.list.device(number)?.identityKey.bytes == (try DeviceKeys.load(in: self).identity.publicKey)
        switch (device.phase, isNamed) {
        case (.pending, true): device.phase = .listed
        case (.listed, false): device.phase = .removed
        default: return
        }
        try setDevice(device)
    }
}
