import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit
import Testing

/// The keys of a device, and what it signs with them. KEM and sealing keys are random bytes: nobody here uses them.
final class MailTestDevice: Sendable {
    let identity = Ed25519.SigningKey()

    func prekeys(firstID: UInt32 = 1) -> LongLivedPrekeys {
        LongLivedPrekeys(
            signedPrekey: signedPrekey(id: firstID), lastResortKEMPrekey: kemPrekey(id: firstID),
            sealingKey: sealingKey(id: firstID))
    }

    func signedPrekey(id: UInt32) -> SignedKey {
        let key = Random.bytes(32)
        return SignedKey(
            id: id, key: Base64(key), signature: Base64(identity.sign(SignedBytes.signedPrekey(key))))
    }

    func kemPrekey(id: UInt32) -> SignedKey {
        let key = Random.bytes(1568)
        return SignedKey(id: id, key: Base64(key), signature: Base64(identity.sign(SignedBytes.kemPrekey(key))))
    }

    func sealingKey(id: UInt32, created: UInt64 = 1_795_326_660) -> SealpostCore.SealingKey {
        let key = Random.bytes(1216)
        let signature = identity.sign(SignedBytes.sealingKey(id: id, created: created, publicKey: key))
        return SealpostCore.SealingKey(id: id, created: created, key: Base64(key), signature: Base64(signature))
    }

    func oneTimePrekey(id: UInt32) -> OneTimeKey { OneTimeKey(id: id, key: Base64(Random.bytes(32))) }

    /// The registration of this device over a challenge.
    func registration(of handle: Handle, challenge: Base64, name: String = "laptop") -> DeviceRequest {
        DeviceRequest(
            name: name, identityKey: Base64(identity.publicKey), prekeys: prekeys(), challenge: challenge,
            proof: Base64(
                identity.sign(SignedBytes.deviceProof(challenge: challenge.bytes, handle: handle.description))))
    }
}

/// An account with its key, and the list that the key signs.
final class MailTestAccount: Sendable {
    static let password = "correct horse battery staple"

    let server: MailTestServer
    let handle: Handle
    let key = Ed25519.SigningKey()
    /// Its first session.
    let session: SessionAnswer

    var caller: MailTestCaller { MailTestCaller(server: server, token: session.accessToken) }

    /// Registers an account with its account key.
    init(_ name: String, on server: MailTestServer, withKey: Bool = true) async throws {
        self.server = server
        handle = try #require(Handle(name))
        let request = RegisterRequest(
            handle: handle, password: Self.password, accountKey: withKey ? Base64(key.publicKey) : nil)
        let answer = try await server.stranger.send("POST", "/v1/accounts", json: request)
        try #require(answer.status == 201, "\(answer.text)")
        session = try answer.json(RegisterAnswer.self).session
    }

    /// A new session without a device.
    func signIn() async throws -> MailTestCaller {
        let answer = try await server.stranger.send(
            "POST", "/v1/sessions", json: SignInRequest(handle: handle, password: Self.password))
        return MailTestCaller(server: server, token: try answer.json(SessionAnswer.self).accessToken)
    }

    func challenge() async throws -> Base64 {
        try await server.stranger.send("POST", "/v1/sessions/challenge").json(ChallengeAnswer.self).challenge
    }

    /// Registers a device with a session of its own.
    func register(
        _ device: MailTestDevice = MailTestDevice()
    ) async throws -> (device: DeviceNumber, caller: MailTestCaller) {
        let session = try await signIn()
        let request = device.registration(of: handle, challenge: try await challenge())
        let answer = try await session.send("POST", "/v1/devices", json: request)
        try #require(answer.status == 201, "\(answer.text)")
        let registered = try answer.json(DeviceRegistrationAnswer.self)
        return (registered.device, MailTestCaller(server: server, token: registered.session.accessToken))
    }

    /// Registers devices and lists them all: callers by number, from 1.
    func registerListed(_ devices: MailTestDevice...) async throws -> [MailTestCaller] {
        var callers: [MailTestCaller] = []
        for device in devices {
            callers.append(try await register(device).caller)
        }
        let answer = try await put(list(devices.map { $0.identity.publicKey }))
        try #require(answer.status == 200, "\(answer.text)")
        return callers
    }

    /// A list of devices numbered from 1, in order, signed by the account key.
    func list(
        _ identityKeys: [[UInt8]], version: UInt64 = 1, previous: [UInt8] = DeviceList.noPredecessor,
        handle: Handle? = nil
    ) throws -> DeviceListRequest {
        try list(
            entries: identityKeys.enumerated().map { (UInt32($0.offset + 1), $0.element) }, version: version,
            previous: previous, handle: handle)
    }

    func list(
        entries: [(UInt32, [UInt8])], version: UInt64, previous: [UInt8], handle: Handle? = nil
    ) throws -> DeviceListRequest {
        let list = try DeviceList(
            handle: (handle ?? self.handle).description, version: version, previous: previous,
            accountKey: key.publicKey,
            entries: entries.map { DeviceList.Entry(number: $0.0, identityKey: $0.1, added: 1_795_326_660) })
        let bytes = list.encoded()
        return DeviceListRequest(list: Base64(bytes), signature: Base64(key.sign(bytes)))
    }

    func put(
        _ list: DeviceListRequest, headers: [(name: String, value: String)] = []
    ) async throws -> MailTestAnswer {
        try await caller.send("PUT", "/v1/account/device-list", headers: headers, json: list)
    }
}

/// Contents and ids of deposits.
enum MailTestEnvelope {
    /// An ordinary message by its frame, of random bytes, so long in all.
    static func message(bytes: Int = 128) -> [UInt8] { [0x01, 0x02] + Random.bytes(bytes - 2) }

    static func id() -> EnvelopeID { EnvelopeID(random: Random.bytes(16)) }

    static func deposit(
        _ contents: [UInt32: [UInt8]], ttl: Int64? = nil, policy: DepositPolicy? = nil
    ) throws -> DepositRequest {
        DepositRequest(
            envelopes: try contents.sorted { $0.key < $1.key }.map { number, content in
                DepositRequest.Envelope(device: try #require(DeviceNumber(number)), content: Base64(content))
            },
            ttl: ttl, policy: policy)
    }
}
