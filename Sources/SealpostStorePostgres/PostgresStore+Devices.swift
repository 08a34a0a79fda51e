import SealpostCore
import SealpostStore

extension PostgresStore {
    package func registerDevice(_ device: NewDevice) async throws(StoreError) -> DeviceRegistration {
        try await write { try $0.registerDevice(device) }
    }

    package func devices(of id: AccountID) async throws(StoreError) -> [Device] {
        try await read { try $0.devices(of: id) }
    }

    package func removeDevice(_ device: MailboxKey) async throws(StoreError) -> Bool {
        try await write { try $0.removeDevice(device) }
    }

    package func openDevice(
        _ device: MailboxKey, last: UInt64, nonce: [UInt8]
    ) async throws(StoreError) -> OpeningOutcome {
        try await write { try $0.openDevice(device, last: last, nonce: nonce) }
    }

    package func replacePrekeys(
        _ prekeys: LongLivedPrekeys, of device: MailboxKey
    ) async throws(StoreError) -> PrekeyUpload {
        try await write { try $0.replacePrekeys(prekeys, of: device) }
    }

    package func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) async throws(StoreError) -> PrekeyUpload {
        try await write { try $0.appendPrekeys(oneTime: oneTime, oneTimeKEM: oneTimeKEM, of: device) }
    }

    package func prekeyState(of device: MailboxKey) async throws(StoreError) -> PrekeyState? {
        try await read { try $0.prekeyState(of: device) }
    }

    package func claim(_ claims: [Claim]) async throws(StoreError) -> [ClaimOutcome] {
        try await writeBatch { try $0.claim(claims) }
    }

    package func knownClaim(_ claim: Claim) async throws(StoreError) -> ClaimOutcome? {
        try await read { try $0.knownClaim(claim) }
    }
}
