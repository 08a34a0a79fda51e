import Foundation
import SealpostCore
import SealpostFormats
import SodiumKit

/// A device that the bench made: its address and its access token.
struct BenchedDevice: Sendable {
    let address: MailboxAddress
    let token: String
    let identity: [UInt8]
}

/// Makes accounts with listed devices. Keys that only clients would use are random bytes of the right length.
struct Fleet: Sendable {
    let target: Target
    /// One-time prekeys of each kind that every device uploads.
    var oneTimePrekeys = 0

    /// Registers so many devices, ten an account, and waits until all are listed.
    func devices(_ count: Int, perAccount: Int = 10, accountsAtATime: Int = 16) async throws -> [BenchedDevice] {
        let accounts = (count + perAccount - 1) / perAccount
        return try await withThrowingTaskGroup(of: [BenchedDevice].self) { group in
            for worker in 0..<min(accounts, accountsAtATime) {
                group.addTask {
                    var devices: [BenchedDevice] = []
                    for account in stride(from: worker, to: accounts, by: accountsAtATime) {
                        devices += try await makeAccount(devices: min(perAccount, count - account * perAccount))
                    }
                    return devices
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func makeAccount(devices count: Int) async throws -> [BenchedDevice] {
        let name = "b" + Random.bytes(8).map { String(format: "%02x", $0) }.joined()
        guard let handle = Handle(name) else { throw BenchError.lost("\(name) is no handle") }
        let accountKey = Ed25519.SigningKey()
        let registered = try await target.call(
            "POST", "/v1/accounts", token: nil,
            json: RegisterRequest(
                handle: handle, password: "bench-" + name, accountKey: Base64(accountKey.publicKey)),
            as: RegisterAnswer.self)
        var devices: [BenchedDevice] = []
        var entries: [DeviceList.Entry] = []
        for number in 0..<count {
            let session =
                number == 0 ? registered.session : try await signIn(handle, accountKey: accountKey)
            let device = try await register(handle, session: session)
            devices.append(device)
            entries.append(
                DeviceList.Entry(
                    number: device.address.device.value, identityKey: device.identity,
                    added: UInt64(Timestamp.now.seconds)))
        }
        let list = try DeviceList(
            handle: handle.description, version: 1, previous: DeviceList.noPredecessor,
            accountKey: accountKey.publicKey, entries: entries
        ).encoded()
        _ = try await target.call(
            "PUT", "/v1/account/device-list", token: registered.session.accessToken,
            json: DeviceListRequest(list: Base64(list), signature: Base64(accountKey.sign(list))),
            as: DeviceListAnswer.self)
        return devices
    }

    private func signIn(_ handle: Handle, accountKey: borrowing Ed25519.SigningKey) async throws -> SessionAnswer {
        let challenge = try await challenge()
        let signature = accountKey.sign(
            SignedBytes.accountSignIn(challenge: challenge.bytes, handle: handle.description))
        return try await target.call(
            "POST", "/v1/sessions", token: nil,
            json: SignInRequest(handle: handle, challenge: challenge, keySignature: Base64(signature)),
            as: SessionAnswer.self)
    }

    private func challenge() async throws -> Base64 {
        try await target.call("POST", "/v1/sessions/challenge", token: nil, as: ChallengeAnswer.self).challenge
    }

    private func register(_ handle: Handle, session: SessionAnswer) async throws -> BenchedDevice {
        let identity = Ed25519.SigningKey()
        let challenge = try await challenge()
        let proof = identity.sign(SignedBytes.deviceProof(challenge: challenge.bytes, handle: handle.description))
        let answer = try await target.call(
            "POST", "/v1/devices", token: session.accessToken,
            json: DeviceRequest(
                name: "bench", identityKey: Base64(identity.publicKey), prekeys: RandomPrekeys.longLived(identity),
                challenge: challenge, proof: Base64(proof)),
            as: DeviceRegistrationAnswer.self)
        for first in stride(from: 1, through: oneTimePrekeys, by: Limits.prekeysPerUpload) {
            let ids = UInt32(first)...UInt32(min(oneTimePrekeys, first + Limits.prekeysPerUpload - 1))
            try await target.send(
                "POST", "/v1/devices/\(answer.device)/one-time-prekeys", token: answer.session.accessToken,
                contentType: "application/json",
                body: Array(JSONEncoder().encode(RandomPrekeys.oneTime(ids, identity))))
        }
        return BenchedDevice(
            address: MailboxAddress(handle: handle, device: answer.device), token: answer.session.accessToken,
            identity: identity.publicKey)
    }
}

/// Prekeys with true signatures over random bytes in the place of keys.
private enum RandomPrekeys {
    static func longLived(_ identity: borrowing Ed25519.SigningKey) -> LongLivedPrekeys {
        let created = UInt64(Timestamp.now.seconds)
        let signed = Random.bytes(KeyLength.x25519PublicKey)
        let sealing = Random.bytes(KeyLength.sealingPublicKey)
        return LongLivedPrekeys(
            signedPrekey: SignedKey(
                id: 1, key: Base64(signed), signature: Base64(identity.sign(SignedBytes.signedPrekey(signed)))),
            lastResortKEMPrekey: kem(UInt32.max, identity),
            sealingKey: SealingKey(
                id: 1, created: created, key: Base64(sealing),
                signature: Base64(
                    identity.sign(SignedBytes.sealingKey(id: 1, created: created, publicKey: sealing)))))
    }

    static func oneTime(
        _ ids: ClosedRange<UInt32>, _ identity: borrowing Ed25519.SigningKey
    ) -> OneTimePrekeysRequest {
        var kem: [SignedKey] = []
        for id in ids { kem.append(Self.kem(id, identity)) }
        return OneTimePrekeysRequest(
            oneTimePrekeys: ids.map { OneTimeKey(id: $0, key: Base64(Random.bytes(KeyLength.x25519PublicKey))) },
            oneTimeKEMPrekeys: kem)
    }

    private static func kem(_ id: UInt32, _ identity: borrowing Ed25519.SigningKey) -> SignedKey {
        let key = Random.bytes(KeyLength.kemPublicKey)
        return SignedKey(
            id: id, key: Base64(key), signature: Base64(identity.sign(SignedBytes.kemPrekey(key))))
    }
}
