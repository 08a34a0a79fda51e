import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostStore
import SodiumKit

/// Registration, and the caller's own account.
struct AccountRoutes: Sendable {
    let parts: Dependencies
    let listed: ListedDevices

    var endpoints: [Endpoint] {
        [
            Endpoint(.post, "/v1/accounts", open: register),
            Endpoint(.get, "/v1/account", .scope(.account), action: read),
            Endpoint(.patch, "/v1/account", .freshSession, action: change),
            Endpoint(.delete, "/v1/account", .freshSession, action: delete),
            Endpoint(.put, "/v1/account/key", .freshSession, action: setKey),
        ]
    }

    @Sendable private func register(_ call: Call) async throws -> Response {
        let request = try await call.body(RegisterRequest.self)
        try parts.registration.check(invite: request.invite)
        guard !request.handle.isReserved else {
            throw Problem(.handleReserved, "\(request.handle) is not for people", member: "handle")
        }
        try InputRules.checkPassword(request.password)
        let email = try request.email.map { text throws(Problem) in try InputRules.email(text) }
        if let key = request.accountKey {
            try InputRules.checkKey(key.bytes, member: "account_key")
        }
        try parts.limiter.register(from: NetworkPrefix(call.context.peer))
        let account = NewAccount(
            handle: request.handle, passwordHash: try await parts.passwords.hash(request.password), email: email,
            accountKey: request.accountKey?.bytes, session: NewSession(id: .random()))
        switch try await parts.store.createAccount(account) {
        case .created(let account, let session):
            let answer = RegisterAnswer(account: AccountAnswer(account), session: try await parts.answer(for: session))
            return try .json(answer, status: .created)
        case .handleTaken:
            throw Problem(.handleTaken, "\(request.handle) is, or was, somebody's", member: "handle")
        case .emailTaken:
            throw Problem(.emailTaken, "sign in with it, or give another one", member: "email")
        }
    }

    @Sendable private func read(_ call: Call, _ principal: Principal) async throws -> Response {
        guard let account = try await parts.store.account(principal.account) else { throw Problem.accountGone }
        return try .json(AccountAnswer(account))
    }

    @Sendable private func change(_ call: Call, _ principal: Principal) async throws -> Response {
        let request = try await call.body(AccountChangeRequest.self)
        var change = AccountChange(keeping: principal.session)
        if let email = request.email {
            change.email = .some(email.isEmpty ? nil : try InputRules.email(email))
        }
        if let password = request.password {
            try InputRules.checkPassword(password)
            change.passwordHash = try await parts.passwords.hash(password)
        }
        switch try await parts.store.changeAccount(principal.account, change) {
        case .changed(let account):
            if change.passwordHash != nil { await parts.revocationsChanged(call.logger) }
            return try .json(AccountAnswer(account))
        case .emailTaken:
            throw Problem(.emailTaken, "another account has it", member: "email")
        case .unknownAccount:
            throw Problem.accountGone
        }
    }

    @Sendable private func delete(_ call: Call, _ principal: Principal) async throws -> Response {
        guard try await parts.store.deleteAccount(principal.account) else { throw Problem.accountGone }
        await parts.revocationsChanged(call.logger)
        return .nothing
    }

    @Sendable private func setKey(_ call: Call, _ principal: Principal) async throws -> Response {
        let request = try await call.body(AccountKeyRequest.self)
        let key = request.accountKey.bytes
        try InputRules.checkKey(key, member: "account_key")
        let change = try DeviceListChange(
            verifying: request.list.bytes, signature: request.signature.bytes, handle: principal.handle,
            accountKey: key)
        try await parts.store.setAccountKey(change, of: principal.account).requireStored()
        listed.forget(principal.account)
        parts.mail.accountChanged(principal.account)
        return try .json(change.answer, headers: change.tag)
    }
}

extension AccountAnswer {
    init(_ account: Account) {
        self.init(
            handle: account.handle, created: account.created, email: account.email,
            accountKey: account.accountKey.map { Base64($0) }, listVersion: account.list?.version,
            listHash: account.list.map { Base64($0.hash) })
    }
}

extension DeviceListChange {
    /// The answer to a change that was stored.
    package var answer: DeviceListAnswer {
        DeviceListAnswer(listVersion: list.version, listHash: Base64(list.hash))
    }

    /// The list's hash as `ETag`, for the next change's `If-Match`.
    package var tag: HTTPFields { [.eTag: "\"\(Base64(list.hash))\""] }
}

extension RecordID {
    /// A new one from the operating system's generator. Its text does not begin with `-`: a tool at a shell would take
    /// that for an option.
    package static func random() -> RecordID {
        while true {
            // An id of 16 bytes is always valid.
            let id = RecordID(Random.bytes(16))!
            if !id.description.hasPrefix("-") { return id }
        }
    }
}
