import Foundation
import Testing

@Suite
struct WatchTests {
    @Test func aCommandThatFailsLeavesTheMessageUnacknowledged() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        let mailbox = try await stage.api(of: bob)
        try await alice.json("send", "bob", "first")
        try await alice.json("send", "bob", "second")

        let failed = try await bob.run("watch", "--exec", "exit 3")
        #expect(failed.status == 75)
        #expect(failed.errors.contains("exit status 3"))
        #expect(try await pending(mailbox) == 2)
        let killed = try await bob.run("watch", "--exec", "kill -9 $$")
        #expect(killed.status == 75)
        #expect(try await pending(mailbox) == 2)

        let command = #"{ echo "$SEALPOST_MESSAGE_FROM $SEALPOST_MESSAGE_KIND"; cat; echo; } >> "$HOME/got""#
        let home = ["HOME": stage.folder.path]
        #expect(try await bob.run("watch", "--exec", command, "--count", "1", environment: home).status == 0)
        #expect(try await pending(mailbox) == 1)
        #expect(try await bob.run("watch", "--exec", command, "--count", "1", environment: home).status == 0)
        #expect(try await pending(mailbox) == 0)
        let got = try String(contentsOfFile: stage.folder.file("got"), encoding: .utf8)
        #expect(got == "alice.1 text\nfirst\nalice.1 text\nsecond\n")
    }

    @Test func aWatchPrintsWhatComesAndEndsAtASignal() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        let watch = try bob.start(["watch", "--json"])
        for number in 1...3 {
            try await alice.json("send", "bob", "message \(number)")
            #expect(await watch.output.contains("message \(number)"))
        }
        watch.signal(SIGTERM)
        #expect(await watch.end() == .exited(0))
        #expect(try JSON.lines(watch.output.text).map { $0["text"] } == ["message 1", "message 2", "message 3"])
        #expect(try await bob.fetched().isEmpty)
    }

    @Test func aWatchOutlivesTheServerAndTellsSo() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        let watch = try bob.start(["watch", "--count", "1"])
        await stage.service.kill()
        #expect(await watch.errors.contains("trying again"))
        try await stage.service.start()
        try await alice.json("send", "bob", "back again")
        #expect(await watch.end() == .exited(0))
        #expect(watch.output.text.hasSuffix("alice.1: back again\n"))
    }

    @Test func aWatchSendsWhatWaits() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        try await alice.json("send", "bob", "in a moment", "--at", "+2s")
        let sender = try alice.start(["watch"])
        let receiver = try bob.start(["watch", "--count", "1"])
        #expect(await receiver.end() == .exited(0))
        #expect(receiver.output.text.contains("in a moment"))
        sender.signal(SIGINT)
        #expect(await sender.end() == .exited(0))
    }

    private func pending(_ mailbox: API) async throws -> Int? {
        try await mailbox.call("GET", "/v1/mailbox?after=0").json["pending"]["count"].integer
    }
}
