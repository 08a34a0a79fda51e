import Testing

/// Promises P3 and P5: a request whose answer was lost is repeated, and nothing happens twice.
@Suite
struct LostAnswerTests {
    @Test func aDepositWhoseAnswerWasLostIsAnsweredAgainAndStoredOnce() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: stage.service.url)
        let id = RandomID.make()
        let token = carol.token
        let lie: Proxy.Lie = { $0.method == "PUT" ? .lose : .pass }
        try await Proxy.telling(lie, before: stage.service) { url in
            let deaf = try API(url, token: token)
            await #expect(throws: (any Error).self) { try await deaf.deposit("once", to: "bob.1", id: id) }
        }
        let repeated = try await carol.deposit("once", to: "bob.1", id: id)
        #expect(repeated.status == 200)
        #expect(repeated.json["outcomes"][0]["outcome"].string == "stored")
        #expect(repeated.json["outcomes"][0]["seq"].integer == 1)

        let other = try await carol.deposit("something else", to: "bob.1", id: id)
        #expect(other.status == 409)
        #expect(other.code == "id_conflict")
        #expect(try await bob.mailbox().count == 1)
    }

    @Test func aClaimThatIsRepeatedGivesTheSameKeysAndBurnsNone() async throws {
        let stage = try await Stage.set()
        _ = try await stage.person("bob")
        let carol = try await API.register("carol", at: stage.service.url)
        let claim: JSON = ["request_id": .string(RandomID.make())]
        let first = try await carol.call("POST", "/v1/accounts/bob/claims", json: claim)
        let again = try await carol.call("POST", "/v1/accounts/bob/claims", json: claim)
        let other = try await carol.call(
            "POST", "/v1/accounts/bob/claims", json: ["request_id": .string(RandomID.make())])
        #expect(first.json["bundles"][0]["one_time_prekey"]["id"].integer != nil)
        #expect(first.json == again.json)
        #expect(first.json["bundles"][0]["one_time_prekey"] != other.json["bundles"][0]["one_time_prekey"])
        #expect(first.json["bundles"][0]["kem_prekey"] != other.json["bundles"][0]["kem_prekey"])
    }

    @Test func aRefreshWhoseAnswerWasLostLocksNobodyOutAndAnOldTokenEndsTheSession() async throws {
        let stage = try await Stage.set()
        let anonymous = try stage.service.api()
        let account = try await anonymous.call(
            "POST", "/v1/accounts", json: ["handle": "dora", "password": "correct horse"])
        let first = account.json["session"]["refresh_token"]
        let refresh: @Sendable (JSON) async throws -> API.Answer = { token in
            try await anonymous.call("POST", "/v1/sessions/refresh", json: ["refresh_token": token])
        }
        let lost = try await refresh(first)
        let again = try await refresh(first)
        #expect(again.status == 200)
        #expect(again.json["refresh_token"] == lost.json["refresh_token"])
        let third = try await refresh(again.json["refresh_token"])
        #expect(third.status == 200)
        #expect(try await refresh(first).status == 401)
        #expect(try await refresh(third.json["refresh_token"]).status == 401)
    }
}
