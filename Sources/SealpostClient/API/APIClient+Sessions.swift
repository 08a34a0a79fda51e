import SealpostCore

extension APIClient {
    /// `POST /v1/sessions/challenge`.
    func challenge() async throws(ClientError) -> ChallengeAnswer {
        try await call("POST", "/v1/sessions/challenge", caller: .nobody)
    }

    /// `POST /v1/sessions`.
    func signIn(_ request: SignInRequest) async throws(ClientError) -> SessionAnswer {
        try await call("POST", "/v1/sessions", body: request, caller: .nobody)
    }

    /// `GET /v1/sessions`.
    public func sessions() async throws(ClientError) -> [SessionsAnswer.Session] {
        try await call("GET", "/v1/sessions", answer: SessionsAnswer.self).sessions
    }

    /// `DELETE /v1/sessions/{id}`; `current` ends this one.
    public func endSession(_ id: String) async throws(ClientError) {
        try await perform("DELETE", "/v1/sessions/\(Self.escaped(id))")
    }

    /// `POST /v1/tokens`; the token itself is in this answer only.
    public func createToken(_ request: TokenRequest) async throws(ClientError) -> TokenAnswer {
        try await call("POST", "/v1/tokens", body: request)
    }

    /// `GET /v1/tokens`.
    public func tokens() async throws(ClientError) -> [TokenAnswer] {
        try await call("GET", "/v1/tokens", answer: TokensAnswer.self).tokens
    }

    /// `DELETE /v1/tokens/{id}`.
    public func revokeToken(_ id: String) async throws(ClientError) {
        try await perform("DELETE", "/v1/tokens/\(Self.escaped(id))")
    }
}
