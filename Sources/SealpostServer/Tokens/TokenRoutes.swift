import Hummingbird
import SealpostCore
import SealpostStore

/// API tokens for scripts.
struct TokenRoutes: Sendable {
    let parts: Dependencies

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/tokens", .session, action: create),
            Endpoint(.get, "/v1/tokens", .session, action: list),
            Endpoint(.delete, "/v1/tokens/{id}", .session, action: revoke),
        ]
    }

    @Sendable private func create(_ call: Call, _ principal: Principal) async throws -> Response {
        // An API token does not come this far.
        guard let session = principal.session else { throw Problem(.insufficientScope, "this needs a session") }
        let idempotencyKey = try call.idempotencyKey()
        let request = try await call.body(TokenRequest.self)
        try InputRules.checkName(request.name)
        try checkScopes(request.scopes, principal)
        let now = parts.clock.now()
        guard request.expires > now, request.expires <= now + Limits.tokenLife else {
            let days = Limits.tokenLife.components.seconds / 86_400
            throw Problem(
                .invalidMember, "expires must be in the future and at most \(days) days away", member: "expires")
        }
        let token = NewToken(
            id: .random(), account: principal.account, session: session, name: request.name, scopes: request.scopes,
            device: principal.device, expires: request.expires, idempotencyKey: idempotencyKey)
        switch try await parts.store.createToken(token) {
        case .created(let token):
            return try .json(TokenAnswer(token, text: try await parts.tokens.text(of: token)), status: .created)
        case .idConflict:
            throw Problem(
                .idConflict, "Idempotency-Key was used with another name, scopes or expiry", member: "Idempotency-Key")
        case .tooMany:
            throw Problem(.tooMany, "an account may have \(Limits.tokensPerAccount) API tokens: delete one first")
        case .unknownSession:
            throw Problem(.invalidToken, "the session has ended")
        }
    }

    private func checkScopes(_ scopes: [Scope], _ principal: Principal) throws(Problem) {
        guard !scopes.isEmpty, Set(scopes).count == scopes.count else {
            throw Problem(.invalidMember, "scopes must name at least one scope, each once", member: "scopes")
        }
        if scopes.contains(.mailbox) {
            // A token for a mailbox is the session's device or nothing.
            _ = try principal.mailbox()
        }
    }

    @Sendable private func list(_ call: Call, _ principal: Principal) async throws -> Response {
        let tokens = try await parts.store.tokens(of: principal.account)
        return try .json(TokensAnswer(tokens: tokens.map { TokenAnswer($0, text: nil) }))
    }

    @Sendable private func revoke(_ call: Call, _ principal: Principal) async throws -> Response {
        guard let id = RecordID(try call.pathText("id")),
            try await parts.store.revokeToken(id, of: principal.account)
        else { throw Problem(.notFound, "the account has no such API token") }
        await parts.revocationsChanged(call.logger)
        return .nothing
    }
}

extension TokenAnswer {
    init(_ token: APIToken, text: String?) {
        self.init(
            id: token.id.description, name: token.name, scopes: token.scopes, device: token.device,
            created: token.created, expires: token.expires, token: text)
    }
}
