import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

/// `/v1/devices`: registering, listing and removing devices, and their opening numbers.
struct DeviceRoutes: Sendable {
    let parts: Dependencies
    let listed: ListedDevices

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/devices", .session, action: register),
            Endpoint(.get, "/v1/devices", .scope(.account), action: list),
            Endpoint(.delete, "/v1/devices/{device}", .session, action: remove),
            Endpoint(.post, "/v1/devices/{device}/openings", .session, action: open),
        ]
    }

    private func register(_ call: Call, _ principal: Principal) async throws -> Response {
        // An API token does not come this far.
        guard let session = principal.session else { throw Problem(.insufficientScope, "this needs a session") }
        let body = try await call.body(DeviceRequest.self)
        try InputRules.checkName(body.name)
        try InputRules.checkKey(body.identityKey.bytes, member: "identity_key")
        try PrekeyChecks.check(body.prekeys, identityKey: body.identityKey.bytes)
        try parts.challenges.check(body.challenge.bytes)
        let signed = SignedBytes.deviceProof(challenge: body.challenge.bytes, handle: principal.handle.description)
        guard SodiumFormatCrypto.isValidSignature(body.proof.bytes, of: signed, by: body.identityKey.bytes) else {
            throw Problem(
                .invalidProof, "proof is not the identity key's signature over this challenge and handle",
                member: "proof")
        }
        try await parts.challenges.spend(body.challenge.bytes)
        let device = NewDevice(
            account: principal.account, session: session, name: body.name, identityKey: body.identityKey.bytes,
            prekeys: body.prekeys)
        let (number, bound) = try Self.registered(try await parts.store.registerDevice(device))
        listed.forget(principal.account)
        parts.mail.accountChanged(principal.account)
        let answer = DeviceRegistrationAnswer(device: number, session: try await parts.answer(for: bound))
        return try .json(answer, status: .created)
    }

    private static func registered(_ outcome: DeviceRegistration) throws(Problem) -> (DeviceNumber, Session) {
        switch outcome {
        case .registered(let number, let session):
            return (number, session)
        case .sessionBound(let number):
            throw Problem(.sessionBound, "the session is device \(number); sign in anew to register another")
        case .keyTaken:
            throw Problem(.keyTaken, "make a new identity key", member: "identity_key")
        case .tooMany:
            throw Problem(.tooMany, "an account has at most \(Limits.devices) devices; remove one first")
        case .tooManyEver:
            throw Problem(
                .tooMany, "an account can register \(Limits.devicesEver) devices in its life, and this one has")
        case .unknownSession:
            throw Problem(.invalidToken, "the session has ended")
        }
    }

    private func list(_ call: Call, _ principal: Principal) async throws -> Response {
        let devices = try await parts.store.devices(of: principal.account)
        return try .json(DevicesAnswer(devices: devices.map(DeviceAnswer.init)))
    }

    private func remove(_ call: Call, _ principal: Principal) async throws -> Response {
        let number = try call.device()
        let devices = try await parts.store.devices(of: principal.account)
        guard devices.contains(where: { $0.number == number }) else { throw OwnDevice.unknown(number) }
        if let own = principal.device, own != number,
            devices.contains(where: { $0.number == own && $0.state == .pending })
        {
            throw Problem(.devicePending, "a device that the device list does not name may only remove itself")
        }
        let device = MailboxKey(account: principal.account, device: number)
        guard try await parts.store.removeDevice(device) else { throw OwnDevice.unknown(number) }
        listed.forget(principal.account)
        await parts.revocationsChanged(call.logger)
        parts.mail.accountChanged(principal.account)
        return .nothing
    }

    private func open(_ call: Call, _ principal: Principal) async throws -> Response {
        let device = try await OwnDevice.named(by: call, principal, in: parts.store)
        let body = try await call.body(OpeningRequest.self)
        guard body.nonce.bytes.count == 16 else {
            throw Problem(.invalidMember, "nonce must have 16 bytes", member: "nonce")
        }
        guard body.last < UInt64(Int64.max) else { throw Self.rollback }
        switch try await parts.store.openDevice(device, last: body.last, nonce: body.nonce.bytes) {
        case .opened(let number): return try .json(OpeningAnswer(opening: number))
        case .rollback: throw Self.rollback
        case .unknownDevice: throw OwnDevice.unknown(device.device)
        }
    }

    private static var rollback: Problem {
        Problem(
            .stateRollback, "last is not the newest opening: this state is an old copy; link it as a new device",
            member: "last")
    }
}

extension DeviceAnswer {
    init(_ device: Device) {
        self.init(
            device: device.number, name: device.name, identityKey: Base64(device.identityKey), state: device.state,
            created: device.created, lastSeen: device.lastFetch)
    }
}
