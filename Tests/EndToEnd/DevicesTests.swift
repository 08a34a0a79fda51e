import Testing

/// Several devices of an account.
@Suite
struct DevicesTests {
    @Test func mailReachesBothDevicesAndTheOtherDeviceSeesWhatWasSent() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        let phone = try await stage.device("phone", of: alice)
        try await bob.json("send", "alice", "to both")
        #expect(try await alice.fetched() == ["to both"])
        #expect(try await phone.fetched() == ["to both"])

        try await alice.json("send", "bob", "from the first")
        let seen = try await phone.json("fetch")
        #expect(seen.map { $0["kind"] } == ["sent"])
        #expect(seen.first?["text"] == "from the first")
        #expect(seen.first?["to"] == "bob")
        try await phone.json("send", "bob", "from the second")
        #expect(try await alice.json("fetch").first?["text"] == "from the second")
        let got = try await bob.json("fetch")
        #expect(got.map { $0["text"] } == ["from the first", "from the second"])
        #expect(got.map { $0["from"] } == ["alice.1", "alice.2"])
    }

    @Test func aDeviceIsNotListedWithAWrongCodeAndSendsNothingBeforeItIs() async throws {
        let stage = try await Stage.set()
        _ = try await stage.person("bob")
        let alice = try await stage.person("alice")
        let phone = stage.newcomer("phone")
        let request = try #require(try await phone.json("device", "link", "alice").first)
        #expect(request["state"] == "pending")
        #expect(try await phone.json("device", "link", "alice").first?["code"] == request["code"])

        #expect(try await phone.run("send", "bob", "too early").status == 75)
        #expect(try await phone.run("fetch").status == 75)
        let wrong = try await alice.run("device", "approve", "2", "--code", "00000 00000 00000 00000 00000 00000")
        #expect(wrong.status == 77)
        #expect(try await alice.json("device", "list").map { $0["state"] } == ["listed", "pending"])

        try await alice.json("device", "approve", "alice.2", "--code", request["code"].string ?? "")
        #expect(try await phone.json("fetch").isEmpty)
        #expect(try await phone.json("whoami").first?["state"] == "listed")
        try await phone.json("send", "bob", "now")
    }

    @Test func aRemovedDeviceGetsNoMoreMailAndCannotSend() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        let phone = try await stage.device("phone", of: alice)
        try await alice.json("device", "remove", "alice.2")
        #expect(try await alice.json("device", "list").map { $0["device"] } == [1])
        try await bob.json("send", "alice", "only to the first")
        #expect(try await alice.fetched() == ["only to the first"])
        #expect(try await phone.run("fetch").status == 77)
        #expect(try await phone.run("send", "bob", "still here?").status == 77)
        #expect(try await phone.run("device", "approve", "2", "--code", "1").status == 77)
    }
}
