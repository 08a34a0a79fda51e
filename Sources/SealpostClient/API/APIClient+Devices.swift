import SealpostCore

extension APIClient {
    /// `POST /v1/devices`; the answer's session is that device.
    func registerDevice(_ request: DeviceRequest) async throws(ClientError) -> DeviceRegistrationAnswer {
        try await call("POST", "/v1/devices", body: request)
    }

    /// `GET /v1/devices`.
    func devices() async throws(ClientError) -> [DeviceAnswer] {
        try await call("GET", "/v1/devices", answer: DevicesAnswer.self).devices
    }

    /// `DELETE /v1/devices/{n}`.
    func removeDevice(_ number: DeviceNumber) async throws(ClientError) {
        try await perform("DELETE", "/v1/devices/\(number)")
    }

    /// `POST /v1/devices/{n}/openings`.
    func open(_ number: DeviceNumber, _ request: OpeningRequest) async throws(ClientError) -> OpeningAnswer {
        try await call("POST", "/v1/devices/\(number)/openings", body: request)
    }

    /// `PUT /v1/devices/{n}/signed-prekeys`.
    func replacePrekeys(
        _ number: DeviceNumber, _ request: LongLivedPrekeys
    ) async throws(ClientError) -> PrekeyCounts {
        try await call("PUT", "/v1/devices/\(number)/signed-prekeys", body: request)
    }

    /// `POST /v1/devices/{n}/one-time-prekeys`.
    func addPrekeys(
        _ number: DeviceNumber, _ request: OneTimePrekeysRequest
    ) async throws(ClientError) -> PrekeyCounts {
        try await call("POST", "/v1/devices/\(number)/one-time-prekeys", body: request)
    }

    /// `GET /v1/devices/{n}/prekeys`.
    func prekeys(_ number: DeviceNumber) async throws(ClientError) -> PrekeyStateAnswer {
        try await call("GET", "/v1/devices/\(number)/prekeys")
    }

    /// `POST /v1/accounts/{handle}/claims`.
    func claim(_ handle: Handle, _ request: ClaimRequest) async throws(ClientError) -> ClaimAnswer {
        try await call("POST", "/v1/accounts/\(handle)/claims", body: request)
    }
}
