import Foundation
import SealpostTesting
import Synchronization
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

    @Test func aCommandThatEndsWellDuringTheStopIsNotRunAgain() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        try await alice.json("send", "bob", "once")
        #expect(mkfifo(stage.folder.file("gate"), 0o600) == 0)
        let watch = try bob.start(["watch", "--exec", "cat; echo started >&2; cat gate"])
        #expect(await watch.errors.contains("started"))
        watch.signal(SIGTERM)
        let gate = try Program("/bin/sh", ["-c", "echo done > gate"], folder: stage.folder.path)
        #expect(await gate.end() == .exited(0))
        #expect(await watch.end() == .exited(0))
        #expect(watch.output.text.hasSuffix("done\n"))
        #expect(try await bob.fetched().isEmpty)
    }

    @Test func aCommandGetsNoSecretsAndNoOverlongVariable() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        // As long as an argument can be; with its name before it, the environment could not take it.
        try await alice.json("send", "bob", "hi", "--reply-to", String(repeating: "x", count: 131_000 + 60))
        let run = try await bob.run("watch", "--exec", "env", "--count", "1")
        #expect(run.status == 0)
        #expect(run.output.contains("SEALPOST_MESSAGE_FROM=alice.1"))
        #expect(!run.output.contains("SEALPOST_MESSAGE_REPLY_TO"))
        #expect(!run.output.contains(Profile.password))
    }

    @Test func aWatchOutlivesAServerThatIsBusy() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        let refusals = Mutex(0)
        let lie: Proxy.Lie = { exchange in
            let isFirst = refusals.withLock { count in
                count += exchange.path.hasPrefix("/v1/mailbox") ? 1 : 0
                return count == 1
            }
            guard isFirst else { return .pass }
            var told = exchange
            told.status = 502
            told.answer = Array("<html>a proxy's page</html>".utf8)
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            let watch = try bob.through(url).start(["watch", "--count", "1"])
            #expect(await watch.errors.contains("trying again"))
            try await alice.json("send", "bob", "all the same")
            #expect(await watch.end() == .exited(0))
            #expect(watch.output.text.hasSuffix("alice.1: all the same\n"))
        }
    }

    @Test func aWatchTellsALieAtOnceAndGoesOn() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        try await alice.json("send", "bob", "hello")
        #expect(try await bob.fetched() == ["hello"])
        let api = try await stage.api(of: alice, scopes: ["deposit"])
        let old = try await api.call("GET", "/v1/accounts/bob").json
        _ = try await stage.device("bobs-phone", of: bob)
        let lie: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/bob" else { return .pass }
            var told = exchange
            told.json = old
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            let watch = try alice.through(url).start(["watch"])
            try await bob.json("send", "alice", "I have a new phone")
            #expect(await watch.output.contains("I have a new phone"))
            #expect(await watch.errors.contains("withholds the newest device list of bob"))
            watch.signal(SIGTERM)
            #expect(await watch.end() == .exited(76))
        }
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
