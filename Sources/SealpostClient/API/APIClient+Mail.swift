import SealpostCore

extension APIClient {
    /// `PUT /v1/accounts/{handle}/deposits/{id}`.
    func deposit(
        _ id: EnvelopeID, for handle: Handle, _ request: DepositRequest
    ) async throws(ClientError) -> DepositAnswer {
        try await call("PUT", "/v1/accounts/\(handle)/deposits/\(id)", body: request)
    }

    /// `DELETE /v1/mailboxes/{address}/envelopes/{id}`: takes back what is not yet acknowledged.
    public func withdraw(_ id: EnvelopeID, from address: MailboxAddress) async throws(ClientError) {
        try await perform("DELETE", "/v1/mailboxes/\(address)/envelopes/\(id)")
    }

    /// `GET /v1/mailbox`; waits at most `wait` (whole seconds, at most 55) on the server, and a margin longer here.
    func mailbox(
        after: Sequence?, limit: Int? = nil, wait: Duration = .zero
    ) async throws(ClientError) -> MailboxAnswer {
        var query: [(String, String)] = []
        if let after { query.append(("after", after.description)) }
        if let limit { query.append(("limit", String(limit))) }
        let seconds = min(max(wait, .zero), Limits.wait).components.seconds
        if seconds > 0 { query.append(("wait", String(seconds))) }
        return try await call("GET", "/v1/mailbox", query: query, wait: .seconds(seconds))
    }

    /// `POST /v1/mailbox/ack`.
    func acknowledge(_ request: AckRequest) async throws(ClientError) -> AckAnswer {
        try await call("POST", "/v1/mailbox/ack", body: request)
    }
}
