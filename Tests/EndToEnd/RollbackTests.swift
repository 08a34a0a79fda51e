import Testing

/// The rollback rule: a copy of a profile that is not the newest is refused before it uses a key again.
@Suite
struct RollbackTests {
    @Test func aRestoredProfileIsRefusedAtItsNextOpening() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        try await alice.json("send", "bob", "before the backup")
        try stage.folder.copy("alice", to: "backup")
        try await alice.json("send", "bob", "after the backup")

        try stage.folder.remove("alice")
        try stage.folder.copy("backup", to: "alice")
        try await expectRefused(alice, "send", "bob", "from the past")
        try await expectRefused(alice, "fetch")
        #expect(try await bob.fetched() == ["before the backup", "after the backup"])
    }

    @Test func ofTwoClonesTheOneThatWasNotUsedLastIsRefused() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        try await alice.json("send", "bob", "one")
        try stage.folder.copy("alice", to: "clone")
        let clone = stage.newcomer("clone")

        try await clone.json("send", "bob", "from the clone")
        try await expectRefused(alice, "send", "bob", "from the original")
        try await expectRefused(alice, "fetch")
        try await clone.json("send", "bob", "from the clone again")
        #expect(try await bob.fetched() == ["one", "from the clone", "from the clone again"])
    }

    @Test func aRestoredHolderOfTheAccountKeySignsNoList() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        _ = try await stage.device("phone", of: alice)
        let tablet = stage.newcomer("tablet")
        let request = try #require(try await tablet.json("device", "link", "alice").first)
        try stage.folder.copy("alice", to: "backup")
        try await alice.json("fetch")

        try stage.folder.remove("alice")
        try stage.folder.copy("backup", to: "alice")
        try await expectRefused(alice, "device", "approve", "alice.3", "--code", request["code"].string ?? "")
        try await expectRefused(alice, "device", "remove", "alice.2")
        #expect(try await alice.json("device", "list").map { $0["state"] } == ["listed", "listed", "pending"])
        #expect(try await alice.json("whoami").first?["list_version"] == 2)
    }

    private func expectRefused(_ profile: Profile, _ arguments: String...) async throws {
        let program = try profile.start(arguments + ["--json"])
        #expect(await program.end() == .exited(78))
        #expect(try JSON.lines(program.errors.text).last?["error"]["code"] == "state_rollback")
    }
}
