import SealpostCore

extension APIClient {
    /// `POST /v1/accounts`.
    func register(_ request: RegisterRequest) async throws(ClientError) -> RegisterAnswer {
        try await call("POST", "/v1/accounts", body: request, caller: .nobody)
    }

    /// `GET /v1/account`.
    public func account() async throws(ClientError) -> AccountAnswer { try await call("GET", "/v1/account") }

    /// `PATCH /v1/account`; needs a fresh sign-in.
    public func changeAccount(_ request: AccountChangeRequest) async throws(ClientError) -> AccountAnswer {
        try await call("PATCH", "/v1/account", body: request)
    }

    /// `DELETE /v1/account`: everything, for good; needs a fresh sign-in.
    public func deleteAccount() async throws(ClientError) { try await perform("DELETE", "/v1/account") }

    /// `PUT /v1/account/key`: the account key with its first list; needs a fresh sign-in.
    func setAccountKey(_ request: AccountKeyRequest) async throws(ClientError) -> DeviceListAnswer {
        try await call("PUT", "/v1/account/key", body: request)
    }

    /// `PUT /v1/account/device-list`.
    ///
    /// - Parameter previous: SHA-256 of the list that this one follows.
    func setDeviceList(
        _ request: DeviceListRequest, previous: [UInt8]
    ) async throws(ClientError) -> DeviceListAnswer {
        try await call(
            "PUT", "/v1/account/device-list", headers: [("If-Match", "\"\(Base64(previous))\"")], body: request)
    }

    /// `GET /v1/accounts/{handle}`.
    func directory(_ handle: Handle) async throws(ClientError) -> DirectoryAnswer {
        try await call("GET", "/v1/accounts/\(handle)")
    }

    /// `GET /v1/limits`.
    public func limits() async throws(ClientError) -> LimitsAnswer { try await call("GET", "/v1/limits") }
}
