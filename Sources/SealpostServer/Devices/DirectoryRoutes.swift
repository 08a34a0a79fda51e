import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostStore

/// What one needs of another account before writing to it.
struct DirectoryRoutes: Sendable {
    let parts: Dependencies
    let listed: ListedDevices

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, "/v1/accounts/{handle}", .scope(.deposit), action: lookUp),
            Endpoint(.post, "/v1/accounts/{handle}/claims", .scope(.deposit), action: claim),
        ]
    }

    static func unknown(_ handle: Handle) -> Problem {
        Problem(.notFound, "there is no account \(handle)", member: "handle")
    }

    private func lookUp(_ call: Call, _ principal: Principal) async throws -> Response {
        let handle: Handle = try call.path("handle")
        guard let account = try await parts.store.account(named: handle) else { throw Self.unknown(handle) }
        return try .json(
            DirectoryAnswer(
                handle: account.handle, accountKey: account.accountKey.map { Base64($0) },
                list: account.list.map { Base64($0.bytes) }, signature: account.list.map { Base64($0.signature) }))
    }

    private func claim(_ call: Call, _ principal: Principal) async throws -> Response {
        let handle: Handle = try call.path("handle")
        let body = try await call.body(ClaimRequest.self)
        try Self.check(devices: body.devices)
        try await listed.require(principal.ownDevice)
        let claim = Claim(
            target: handle, depositor: principal.depositor, requestID: body.requestID, devices: body.devices,
            ownDevice: principal.ownDevice)
        do throws(Problem) {
            try parts.limiter.claim(by: principal.depositor, from: handle)
        } catch {
            // A repeat gets its answer (P5): it takes no key.
            guard let known = try await parts.store.knownClaim(claim) else { throw error }
            return try answer(known, to: claim)
        }
        return try answer(try await parts.mail.claim(claim), to: claim)
    }

    private func answer(_ outcome: ClaimOutcome, to claim: Claim) throws -> Response {
        let handle = claim.target
        switch outcome {
        case .claimed(let answer, _):
            return try .json(answer)
        case .unknownAccount:
            throw Self.unknown(handle)
        case .idConflict:
            throw Problem(.idConflict, "request_id was used with other devices; use a new one", member: "request_id")
        case .noDevices:
            throw Problem(.noDevices, "\(handle) has no listed device whose keys could be claimed")
        case .unknownDevices(let devices):
            var problem = Problem(
                .notFound, "\(handle) has no listed device \(devices.map(\.description).joined(separator: ", "))",
                member: "devices")
            problem.gone = devices
            throw problem
        case .busy:
            throw StoreError.busy
        }
    }

    private static func check(devices: [DeviceNumber]?) throws(Problem) {
        guard let devices else { return }
        guard (1...Limits.devices).contains(devices.count), Set(devices).count == devices.count else {
            throw Problem(
                .invalidMember, "devices must have 1 to \(Limits.devices) numbers, each once", member: "devices")
        }
    }
}
