import SealpostCore
import SealpostServer
import SodiumKit
import Testing

@Suite("Directory and claims")
struct DeviceClaimTests {
    @Test func aClaimGivesEachOneTimeKeyOnceAndThenTheLastResortKey() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let device = MailTestDevice()
            let callers = try await bob.registerListed(device)
            let keys = [device.oneTimePrekey(id: 1), device.oneTimePrekey(id: 2)]
            let upload = OneTimePrekeysRequest(oneTimePrekeys: keys, oneTimeKEMPrekeys: [device.kemPrekey(id: 9)])
            #expect(try await callers[0].send("POST", "/v1/devices/1/one-time-prekeys", json: upload).status == 200)
            func claim(_ id: EnvelopeID) async throws -> ClaimAnswer {
                try await alice.caller.send("POST", "/v1/accounts/bob/claims", json: ClaimRequest(requestID: id)).json()
            }
            let id = MailTestEnvelope.id()
            let first = try await claim(id)
            #expect(first.bundles.count == 1)
            #expect(first.bundles[0].identityKey.bytes == device.identity.publicKey)
            #expect(first.bundles[0].oneTimePrekey == keys[0])
            #expect(first.bundles[0].kemPrekey.lastResort == false)
            #expect(try await claim(id) == first)
            let second = try await claim(MailTestEnvelope.id())
            #expect(second.bundles[0].oneTimePrekey == keys[1])
            #expect(second.bundles[0].kemPrekey.lastResort)
            let third = try await claim(MailTestEnvelope.id())
            #expect(third.bundles[0].oneTimePrekey == nil)
        }
    }

    @Test func claimsThatCannotBeAreRefused() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            func claim(_ handle: String, _ text: String) async throws -> MailTestAnswer {
                try await alice.caller.send("POST", "/v1/accounts/\(handle)/claims", text: text)
            }
            let id = MailTestEnvelope.id()
            #expect(try await claim("bob", "{\"request_id\":\"\(id)\"}").code == .noDevices)
            #expect(try await claim("nobody", "{\"request_id\":\"\(id)\"}").code == .notFound)
            #expect(try await claim("Bob", "{\"request_id\":\"\(id)\"}").code == .invalidParameter)
            _ = try await bob.registerListed(MailTestDevice(), MailTestDevice())
            #expect(try await claim("bob", "{\"request_id\":\"\(id)\",\"devices\":[1]}").status == 200)
            #expect(try await claim("bob", "{\"request_id\":\"\(id)\",\"devices\":[2]}").code == .idConflict)
            let unknown = try await claim("bob", "{\"request_id\":\"\(MailTestEnvelope.id())\",\"devices\":[1,7]}")
            #expect(unknown.code == .notFound)
            #expect(unknown.problem?.gone?.map(\.value) == [7])
            for devices in ["[]", "[1,1]", "[0]", "[4294967296]", "[1,2,3,4,5,6,7,8,9,10,11]", "1", "[\"1\"]"] {
                let answer = try await claim("bob", "{\"request_id\":\"\(id)\",\"devices\":\(devices)}")
                #expect(answer.code == .invalidMember, "\(devices)")
            }
            #expect(try await claim("bob", "{\"request_id\":\"short\"}").code == .invalidMember)
            #expect(try await claim("bob", "{}").code == .missingMember)
        }
    }

    @Test func aPendingDeviceMayNotClaim() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let (_, pending) = try await alice.register()
            let request = ClaimRequest(requestID: MailTestEnvelope.id())
            #expect(try await pending.send("POST", "/v1/accounts/bob/claims", json: request).code == .devicePending)
            #expect(try await pending.get("/v1/accounts/bob").status == 200)
        }
    }

    @Test func claimsAreLimitedPerCallerAndTarget() async throws {
        try await MailTestServer.run {
            $0.rates.claims.burst = 2
            $0.rates.claims.perHour = 60
        } _: { server in
            let alice = try await MailTestAccount("alice", on: server)
            let carol = try await MailTestAccount("carol", on: server)
            for name in ["bob", "dave"] {
                _ = try await MailTestAccount(name, on: server).registerListed(MailTestDevice())
            }
            func claim(
                _ caller: MailTestCaller, _ handle: String, id: EnvelopeID = MailTestEnvelope.id()
            ) async throws -> MailTestAnswer {
                let request = ClaimRequest(requestID: id)
                return try await caller.send("POST", "/v1/accounts/\(handle)/claims", json: request)
            }
            let id = MailTestEnvelope.id()
            let first = try await claim(alice.caller, "bob", id: id)
            #expect(first.status == 200)
            #expect(try await claim(alice.caller, "bob").status == 200)
            let limited = try await claim(alice.caller, "bob")
            #expect(limited.code == .rateLimited)
            #expect(limited.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
            // A repeat is answered all the same, as it was.
            let again = try await claim(alice.caller, "bob", id: id)
            #expect(try again.status == 200 && again.json(ClaimAnswer.self) == first.json(ClaimAnswer.self))
            #expect(try await claim(alice.caller, "dave").status == 200)
            #expect(try await claim(carol.caller, "bob").status == 200)
        }
    }

    @Test func anUnknownHandleIsNotFound() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            #expect(try await alice.caller.get("/v1/accounts/nobody").code == .notFound)
            #expect(try await alice.caller.get("/v1/accounts/%41lice").code == .invalidParameter)
            let token = try await MailTestToken.make(alice.caller, [.account])
            #expect(try await token.get("/v1/accounts/alice").code == .insufficientScope)
        }
    }
}
