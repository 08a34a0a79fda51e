import Testing

/// The outbox: what is sent without a server arrives later, once and in order.
@Suite
struct OfflineTests {
    @Test func threeMessagesSentWhileTheServerIsDownArriveOnceAndInOrder() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        await stage.service.kill()

        for text in ["one", "two", "three"] {
            let sent = try await alice.json("send", "bob", text)
            #expect(sent.first?["state"] == "queued")
        }
        #expect(try await alice.run("outbox", "drain").status == 75)
        #expect(try await alice.run("fetch").status == 69)
        #expect(try await alice.json("outbox", "list").map { $0["text"] } == ["one", "two", "three"])

        try await stage.service.start()
        #expect(try await alice.json("outbox", "drain").first?["sent"] == 3)
        #expect(try await bob.fetched() == ["one", "two", "three"])
        #expect(try await bob.fetched().isEmpty)
        #expect(try await alice.json("outbox", "list").isEmpty)
    }

    @Test func whatWaitsGoesOutWithTheNextMessageAndBeforeIt() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        await stage.service.kill()
        try await alice.json("send", "bob", "first")
        try await stage.service.start()
        #expect(try await alice.json("send", "bob", "second").first?["state"] == "sent")
        #expect(try await bob.fetched() == ["first", "second"])
    }

    @Test func aDepositWhoseAnswerIsLostArrivesOnce() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        let lie: Proxy.Lie = { $0.method == "PUT" && $0.path.contains("/deposits/") ? .lose : .pass }
        try await Proxy.telling(lie, before: stage.service) { url in
            let sent = try await alice.through(url).json("send", "bob", "once")
            #expect(sent.first?["state"] == "queued")
        }
        try await alice.json("outbox", "drain")
        #expect(try await bob.fetched() == ["once"])
        #expect(try await bob.fetched().isEmpty)
    }

    @Test func aMessageForLaterStaysUntilItsTimeAndCanBeDropped() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        let later = try await alice.json("send", "bob", "later", "--at", "+1h")
        #expect(later.first?["state"] == "queued")
        try await alice.json("outbox", "drain")
        #expect(try await bob.fetched().isEmpty)

        let entry = try #require(later.first?["entry"].integer)
        try await alice.json("outbox", "drop", "\(entry)")
        #expect(try await alice.json("outbox", "list").isEmpty)
        #expect(try await alice.run("outbox", "drop", "\(entry)").status == 66)

        try await alice.json("send", "bob", "now", "--at", "2020-01-01T00:00:00Z")
        #expect(try await bob.fetched() == ["now"])
    }
}
