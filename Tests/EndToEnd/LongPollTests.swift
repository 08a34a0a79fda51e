import Testing

/// Promises P2–P4 and P6 seen through HTTP, at the real process.
@Suite
struct LongPollTests {
    @Test func aParkedPollIsWokenByADeposit() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: stage.service.url)

        let clock = ContinuousClock()
        for round in 1...5 {
            let start = clock.now
            async let poll = bob.call("GET", "/v1/mailbox?wait=55&after=\(round - 1)")
            // Whether it parks before the deposit or finds it at once, it may not sleep through it.
            let deposit = try await carol.deposit("round \(round)", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
            let answer = try await poll
            #expect(answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("round \(round)"))
            #expect(answer.json["cursor"].integer == round)
            #expect(clock.now - start < .seconds(30))
        }
    }

    @Test func aPollThatTimesOutIsAnsweredEmptyInTheSameShape() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let answer = try await bob.call("GET", "/v1/mailbox?wait=1")
        #expect(answer.status == 200)
        #expect(answer.json["mailbox"].string == "bob.1")
        #expect(answer.json["envelopes"] == .array([]))
        #expect(answer.json["cursor"].integer == 0)
        #expect(answer.json["more"].bool == false)
    }

    @Test func aFetchWhoseAnswerWasLostIsRepeatedUntilItIsAcknowledged() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: stage.service.url)
        _ = try await carol.deposit("once", to: "bob.1", id: RandomID.make())

        let token = bob.token
        let lie: Proxy.Lie = { $0.path.hasPrefix("/v1/mailbox") ? .lose : .pass }
        try await Proxy.telling(lie, before: stage.service) { url in
            let deaf = try API(url, token: token)
            await #expect(throws: (any Error).self) { try await deaf.call("GET", "/v1/mailbox") }
            await #expect(throws: (any Error).self) { try await deaf.call("GET", "/v1/mailbox") }
        }
        let again = try await bob.call("GET", "/v1/mailbox")
        #expect(again.json["envelopes"].items.count == 1)
        let ack = try await bob.call("POST", "/v1/mailbox/ack", json: ["through": again.json["cursor"]])
        #expect(ack.status == 200)
        #expect(try await bob.call("GET", "/v1/mailbox").json["envelopes"].items.isEmpty)
    }
}
