import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostStore

/// The prekeys of the caller's own device.
struct PrekeyRoutes: Sendable {
    let store: any MailStore

    var endpoints: [Endpoint] {
        [
            Endpoint(.put, "/v1/devices/{device}/signed-prekeys", .session, action: replace),
            Endpoint(.post, "/v1/devices/{device}/one-time-prekeys", .session, action: append),
            Endpoint(.get, "/v1/devices/{device}/prekeys", .session, action: state),
        ]
    }

    private func replace(_ call: Call, _ principal: Principal) async throws -> Response {
        let device = try await OwnDevice.named(by: call, principal, in: store)
        let body = try await call.body(LongLivedPrekeys.self)
        try PrekeyChecks.check(body, identityKey: try await identityKey(of: device))
        return try answer(try await store.replacePrekeys(body, of: device), device)
    }

    private func append(_ call: Call, _ principal: Principal) async throws -> Response {
        let device = try await OwnDevice.named(by: call, principal, in: store)
        let body = try await call.body(OneTimePrekeysRequest.self)
        try PrekeyChecks.check(body, identityKey: try await identityKey(of: device))
        let outcome = try await store.appendPrekeys(
            oneTime: (body.oneTimePrekeys ?? []).map(\.body), oneTimeKEM: (body.oneTimeKEMPrekeys ?? []).map(\.body),
            of: device)
        return try answer(outcome, device)
    }

    private func state(_ call: Call, _ principal: Principal) async throws -> Response {
        let device = try await OwnDevice.named(by: call, principal, in: store)
        guard let state = try await store.prekeyState(of: device) else { throw OwnDevice.unknown(device.device) }
        return try .json(PrekeyStateAnswer(counts: state.counts, digest: Base64(state.digest)))
    }

    private func identityKey(of device: MailboxKey) async throws -> [UInt8] {
        let devices = try await store.devices(of: device.account)
        guard let own = devices.first(where: { $0.number == device.device }) else {
            throw OwnDevice.unknown(device.device)
        }
        return own.identityKey
    }

    private func answer(_ outcome: PrekeyUpload, _ device: MailboxKey) throws -> Response {
        switch outcome {
        case .stored(let counts):
            return try .json(counts)
        case .conflict(let id):
            throw Problem(.prekeyConflict, "the id \(id) was used with another key; ids are never reused")
        case .tooMany(let counts):
            throw Problem(
                .tooMany,
                "at most \(Limits.prekeysHeld) of a kind are held; there are \(counts.oneTime) one-time prekeys"
                    + " and \(counts.oneTimeKEM) one-time KEM prekeys")
        case .unknownDevice:
            throw OwnDevice.unknown(device.device)
        }
    }
}
