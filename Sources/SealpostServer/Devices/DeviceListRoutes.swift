import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostStore

/// `PUT /v1/account/device-list`: the signed list, compared with its predecessor and set.
struct DeviceListRoutes: Sendable {
    let parts: Dependencies
    let listed: ListedDevices

    var endpoints: [Endpoint] {
        [Endpoint(.put, "/v1/account/device-list", .session, action: replace)]
    }

    private func replace(_ call: Call, _ principal: Principal) async throws -> Response {
        let predecessor = try Self.hash(inIfMatchOf: call)
        let body = try await call.body(DeviceListRequest.self)
        guard let account = try await parts.store.account(principal.account) else {
            throw Problem.accountGone
        }
        guard let accountKey = account.accountKey else {
            throw Problem(.noAccountKey, "set it with PUT /v1/account/key, together with the first list")
        }
        let change = try DeviceListChange(
            verifying: body.list.bytes, signature: body.signature.bytes, handle: account.handle,
            accountKey: accountKey)
        guard predecessor == nil || predecessor == change.previous else {
            throw Problem(
                .invalidHeader, "If-Match must be the hash that the list names as its predecessor", member: "If-Match")
        }
        try await parts.store.changeDeviceList(change, of: principal.account).requireStored()
        listed.forget(principal.account)
        parts.mail.accountChanged(principal.account)
        return try .json(change.answer, headers: change.tag)
    }

    /// The quoted base64 of 32 bytes; nil if the header is absent.
    private static func hash(inIfMatchOf call: Call) throws -> [UInt8]? {
        guard let text = try call.header(.ifMatch) else { return nil }
        guard text.utf8.count > 2, text.first == "\"", text.last == "\"",
            let hash = Base64(decoding: String(text.dropFirst().dropLast())), hash.bytes.count == 32
        else {
            throw Problem(
                .invalidHeader, "If-Match must be the quoted hash of the list that is to be replaced",
                member: "If-Match")
        }
        return hash.bytes
    }
}
