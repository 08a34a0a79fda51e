import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit
import Testing

/// Values of the right shape, random where they may be.
package enum Sample {
    package static func recordID() -> RecordID {
        // `RecordID` refuses nothing but another count than 16.
        guard let id = RecordID(Random.bytes(16)) else { preconditionFailure("16 bytes are a record's id") }
        return id
    }

    package static func id() -> EnvelopeID { EnvelopeID(random: Random.bytes(16)) }

    package static func device(_ number: UInt32) throws -> DeviceNumber { try #require(DeviceNumber(number)) }

    package static func newDevice(
        account: AccountID, session: RecordID, identityKey: [UInt8] = Random.bytes(32)
    ) -> NewDevice {
        NewDevice(
            account: account, session: session, name: "laptop", identityKey: identityKey, prekeys: longLived(id: 1))
    }

    /// Three long-lived prekeys with this id.
    package static func longLived(id: UInt32) -> LongLivedPrekeys {
        LongLivedPrekeys(
            signedPrekey: SignedKey(
                id: id, key: Base64(Random.bytes(KeyLength.x25519PublicKey)), signature: signature()),
            lastResortKEMPrekey: kemKey(id),
            sealingKey: SealpostCore.SealingKey(
                id: id, created: 1_800_000_000, key: Base64(Random.bytes(KeyLength.sealingPublicKey)),
                signature: signature()))
    }

    package static func oneTimeKey(_ id: UInt32) -> OneTimeKey {
        OneTimeKey(id: id, key: Base64(Random.bytes(KeyLength.x25519PublicKey)))
    }

    package static func kemKey(_ id: UInt32) -> SignedKey {
        SignedKey(id: id, key: Base64(Random.bytes(KeyLength.kemPublicKey)), signature: signature())
    }

    private static func signature() -> Base64 { Base64(Random.bytes(KeyLength.ed25519Signature)) }

    /// The list that follows the person's, naming devices by the order in which they were added.
    package static func listChange(naming numbers: [UInt32], of person: Person) throws -> DeviceListChange {
        let bytes = Random.bytes(64)
        let entries = try numbers.map {
            StoredDeviceList.Entry(
                device: try device($0), identityKey: person.devices[Int($0) - 1].identityKey)
        }
        return DeviceListChange(
            list: StoredDeviceList(
                version: (person.list?.version ?? 0) + 1, hash: SHA256.hash(bytes), bytes: bytes,
                signature: Random.bytes(KeyLength.ed25519Signature)),
            previous: person.list?.hash ?? [UInt8](repeating: 0, count: 32), entries: entries,
            accountKey: person.accountKey)
    }

    package static func claim(
        of target: Person, by claimer: Person, devices: [DeviceNumber]? = nil, requestID: EnvelopeID = id()
    ) throws -> Claim {
        Claim(
            target: target.handle, depositor: .account(claimer.id), requestID: requestID, devices: devices,
            ownDevice: try claimer.mailbox(1))
    }
}
