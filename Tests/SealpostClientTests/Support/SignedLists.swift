import Ratchet
import SealpostCore
import SealpostFormats
import SodiumKit
import Testing

@testable import SealpostClient

/// An account whose owner signs device lists, to make honest and dishonest offers of them.
final class ListOwner: Sendable {
    let handle: Handle
    let key = DeviceKeys.HeldAccountKey(AccountKey())

    init(_ handle: String) throws {
        self.handle = try #require(Handle(handle))
    }

    var publicKey: [UInt8] { key.key.publicKey }

    func list(
        _ version: UInt64, after previous: ListOffer? = nil, devices: [(UInt32, [UInt8])]
    ) throws -> ListOffer {
        let hash = previous.map { SHA256.hash($0.list) } ?? DeviceList.noPredecessor
        let list = try DeviceList(
            handle: handle.description, version: version, previous: hash, accountKey: publicKey,
            entries: devices.map { DeviceList.Entry(number: $0.0, identityKey: $0.1, added: 1) })
        return ListOffer(accountKey: publicKey, list: list.encoded(), signature: try key.key.sign(list))
    }
}

/// The public key of a device.
func newIdentityKey() -> [UInt8] { DeviceIdentity().publicKey }
