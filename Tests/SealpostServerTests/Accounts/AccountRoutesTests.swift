import SealpostCore
import SealpostFormats
import SealpostStore
import SealpostTesting
import SodiumKit
import Testing

@testable import SealpostServer

@Suite struct AccountRoutesTests {
    @Test func changesNeedASessionThatSignedInLately() async throws {
        try await TestServer.run { server in
            let alice = try await server.register("alice")
            server.clock.advance(by: Limits.freshness + .seconds(1))
            for method in ["PATCH", "DELETE"] {
                let answer = try await server.send(
                    method, "/v1/account", token: alice.session.accessToken, json: #"{"email":"a@example.org"}"#)
                #expect(answer.problem?.code == .freshSignInRequired)
            }
            // A refreshed session is not a fresh sign-in.
            let refreshed = try await server.send(
                "POST", "/v1/sessions/refresh", RefreshRequest(refreshToken: alice.session.refreshToken))
            let token = try refreshed.read(SessionAnswer.self).accessToken
            let answer = try await server.send("DELETE", "/v1/account", token: token)
            #expect(answer.problem?.code == .freshSignInRequired)
        }
    }

    @Test func theAddressIsSetTakenAndRemoved() async throws {
        try await TestServer.run { server in
            let alice = try await server.register("alice")
            _ = try await server.register("bob", email: "bob@example.org")
            func change(_ json: String) async throws -> Answer {
                try await server.send("PATCH", "/v1/account", token: alice.session.accessToken, json: json)
            }
            #expect(try await change(#"{"email":"a@example.org"}"#).read(AccountAnswer.self).email == "a@example.org")
            #expect(try await change("{}").read(AccountAnswer.self).email == "a@example.org")
            #expect(try await change(#"{"email":"bob@example.org"}"#).problem?.code == .emailTaken)
            #expect(try await change(#"{"email":""}"#).read(AccountAnswer.self).email == nil)
            #expect(try await change(#"{"email":"nobody"}"#).problem?.member == "email")
            #expect(try await change(#"{"password":"short"}"#).problem?.member == "password")
            #expect(try await change(#"{"handle":"carol"}"#).problem?.code == .unknownMember)
        }
    }

    @Test func aNewPasswordEndsEveryOtherSession() async throws {
        try await TestServer.run { server in
            let first = try await server.register("alice").session
            let second = try await server.send(
                "POST", "/v1/sessions", json: #"{"handle":"alice","password":"correct horse"}"#
            ).read(SessionAnswer.self)
            let answer = try await server.send(
                "PATCH", "/v1/account", token: second.accessToken, json: #"{"password":"battery staple"}"#)
            #expect(answer.status == 200)
            #expect(try await server.send("GET", "/v1/account", token: second.accessToken).status == 200)
            let other = try await server.send("GET", "/v1/account", token: first.accessToken)
            #expect(other.problem?.code == .invalidToken)
            let old = try await server.send(
                "POST", "/v1/sessions", json: #"{"handle":"alice","password":"correct horse"}"#)
            #expect(old.problem?.code == .wrongCredentials)
        }
    }

    @Test func aDeletedAccountIsGoneWithItsTokensAndItsHandleStaysTaken() async throws {
        try await TestServer.run { server in
            let alice = try await server.register("alice")
            #expect(try await server.send("DELETE", "/v1/account", token: alice.session.accessToken).status == 204)
            let again = try await server.send("GET", "/v1/account", token: alice.session.accessToken)
            #expect(again.problem?.code == .invalidToken)
            let refreshed = try await server.send(
                "POST", "/v1/sessions/refresh", RefreshRequest(refreshToken: alice.session.refreshToken))
            #expect(refreshed.problem?.code == .invalidToken)
            let taken = try await server.send(
                "POST", "/v1/accounts", json: #"{"handle":"alice","password":"correct horse"}"#)
            #expect(taken.problem?.code == .handleTaken)
        }
    }

    // MARK: The account key

    private func list(
        _ version: UInt64, previous: [UInt8] = DeviceList.noPredecessor, handle: String = "alice",
        key: borrowing Ed25519.SigningKey, devices: [DeviceList.Entry] = []
    ) throws -> AccountKeyRequest {
        let list = try DeviceList(
            handle: handle, version: version, previous: previous, accountKey: key.publicKey, entries: devices)
        let bytes = list.encoded()
        return AccountKeyRequest(
            accountKey: Base64(key.publicKey), list: Base64(bytes), signature: Base64(key.sign(bytes)))
    }

    @Test func theAccountKeyIsSetAndReplacedTogetherWithItsList() async throws {
        try await TestServer.run { server in
            let token = try await server.register("alice").session.accessToken
            let key = Ed25519.SigningKey()
            let first = try list(1, key: key)
            let answer = try await server.send("PUT", "/v1/account/key", token: token, first)
            #expect(answer.status == 200)
            let hash = SHA256.hash(first.list.bytes)
            #expect(try answer.read(DeviceListAnswer.self) == DeviceListAnswer(listVersion: 1, listHash: Base64(hash)))
            #expect(answer.headers["ETag"] == "\"\(Base64(hash))\"")
            // The answer was lost: the same again.
            #expect(try await server.send("PUT", "/v1/account/key", token: token, first).status == 200)

            let newKey = Ed25519.SigningKey()
            let stale = try await server.send("PUT", "/v1/account/key", token: token, list(1, key: newKey))
            #expect(stale.problem?.code == .listConflict)
            #expect(stale.problem?.listVersion == 1)
            #expect(stale.problem?.listHash == Base64(hash))
            let next = try await server.send(
                "PUT", "/v1/account/key", token: token, list(2, previous: hash, key: newKey))
            #expect(next.status == 200)
            let account = try await server.send("GET", "/v1/account", token: token).read(AccountAnswer.self)
            #expect(account.accountKey?.bytes == newKey.publicKey)
            #expect(account.listVersion == 2)
        }
    }

    @Test func aListThatDoesNotHoldIsRefused() async throws {
        try await TestServer.run { server in
            let token = try await server.register("alice").session.accessToken
            let key = Ed25519.SigningKey()
            func put(_ request: AccountKeyRequest) async throws -> Problem? {
                try await server.send("PUT", "/v1/account/key", token: token, request).problem
            }
            #expect(try await put(list(1, handle: "bob", key: key))?.code == .invalidList)

            var otherSignature = try list(1, key: key)
            otherSignature.signature = Base64([UInt8](repeating: 1, count: 64))
            #expect(try await put(otherSignature)?.code == .invalidSignature)

            var otherKey = try list(1, key: key)
            otherKey.accountKey = Base64(Ed25519.SigningKey().publicKey)
            #expect(try await put(otherKey)?.code == .invalidList)

            var smallOrder = try list(1, key: key)
            smallOrder.accountKey = Base64([1] + [UInt8](repeating: 0, count: 31))
            #expect(try await put(smallOrder)?.code == .invalidKey)

            var truncated = try list(1, key: key)
            truncated.list = Base64(Array(truncated.list.bytes.dropLast()))
            #expect(try await put(truncated)?.code == .invalidList)

            let unknown = DeviceList.Entry(number: 7, identityKey: Ed25519.SigningKey().publicKey, added: 1)
            #expect(try await put(list(1, key: key, devices: [unknown]))?.code == .invalidList)
            #expect(try await put(list(2, key: key))?.code == .listConflict)
        }
    }
}
