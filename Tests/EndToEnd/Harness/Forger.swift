import SealpostFormats
import SodiumKit

/// Somebody who makes accounts out of thin air, or whole lists for other people's accounts, with a key of their own.
final class Forger: Sendable {
    private let key = Ed25519.SigningKey()
    private let device = Ed25519.SigningKey()

    var accountKey: [UInt8] { key.publicKey }

    /// A list of devices of `handle`, signed by the forger's account key.
    func list(
        of handle: String, version: UInt64 = 1, previous: [UInt8] = DeviceList.noPredecessor, devices: [UInt32] = [1]
    ) throws -> [UInt8] {
        try DeviceList(
            handle: handle, version: version, previous: previous, accountKey: accountKey,
            entries: devices.map { .init(number: $0, identityKey: device.publicKey, added: 1_700_000_000) }
        ).encoded()
    }

    /// `list` with the same devices as the first list of the forger's own account key.
    func takingOver(_ list: [UInt8]) throws -> [UInt8] {
        let old = try DeviceList(decoding: list)
        return try DeviceList(
            handle: old.handle, version: 1, previous: DeviceList.noPredecessor, accountKey: accountKey,
            entries: old.entries
        ).encoded()
    }

    /// The answer to `GET /v1/accounts/{handle}` that goes with it.
    func directory(of handle: String, list: [UInt8]) -> JSON {
        [
            "handle": .string(handle), "account_key": .base64(accountKey), "list": .base64(list),
            "signature": .base64(key.sign(list)),
        ]
    }

    /// `list` with one more device of the forger's in it, which only the account key of `list` could sign.
    func adding(to list: [UInt8]) throws -> [UInt8] {
        let old = try DeviceList(decoding: list)
        let entry = DeviceList.Entry(number: 9, identityKey: device.publicKey, added: 1_700_000_000)
        return try DeviceList(
            handle: old.handle, version: old.version + 1, previous: SHA256.hash(list),
            accountKey: old.accountKey, entries: old.entries + [entry]
        ).encoded()
    }
}
