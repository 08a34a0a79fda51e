import Foundation
import SealpostClient
import SealpostTesting
import Testing

/// The crash rule of the client: at each commit point the process may die, and no message is lost, sent twice or
/// undecryptable afterwards.
@Suite
struct ClientCrashTests {
    @Test(arguments: CommitPoint.allCases)
    func noMessageIsLostRepeatedOrGarbledWhenTheClientDies(at point: CommitPoint) async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = stage.newcomer("alice")
        var play = Play(point: point)

        try await play.register(alice)
        try await play.send("one", from: alice, to: "bob")
        try await play.fetch(bob)
        try await play.refresh(alice, of: stage)
        try await play.send("two", from: alice, to: "bob")
        try await play.fetch(bob)
        try await play.send("back", from: bob, to: "alice")
        try await play.fetch(alice)

        #expect(play.deaths > 0, "nothing reached \(point.rawValue)")
        try await check(bob, got: ["one", "two"], from: "alice.1", printed: play.printed["bob"] ?? [])
        try await check(alice, got: ["back"], from: "bob.1", printed: play.printed["alice"] ?? [])

        // And the sessions still work both ways.
        try await alice.json("send", "bob", "afterwards")
        #expect(try await bob.fetched() == ["afterwards"])
        try await bob.json("send", "alice", "and back")
        #expect(try await alice.fetched() == ["and back"])
        try await checkMailboxes([(bob, 3), (alice, 2)], at: stage)
    }

    /// Not even the mailboxes saw a message twice: the next envelope's number follows on so many.
    private func checkMailboxes(_ counts: [(Profile, Int)], at stage: Stage) async throws {
        let counter = try await API.register("counter", at: stage.service.url)
        for (person, count) in counts {
            let answer = try await counter.deposit("next", to: "\(person.name).1", id: RandomID.make())
            #expect(answer.status == 201)
            let waiting = try await stage.api(of: person).mailbox()
            #expect(waiting.map { $0["seq"].integer } == [count + 1], "the mailbox of \(person.name)")
        }
    }

    private func check(_ person: Profile, got texts: [String], from sender: String, printed: [Int]) async throws {
        let kept = try await person.kept()
        #expect(kept.map { $0["kind"] } == texts.map { _ in "text" }, "\(kept)")
        #expect(kept.map { $0["text"].string } == texts)
        #expect(kept.allSatisfy { $0["from"].string == sender })
        #expect(Set(kept.map { $0["id"].string }).count == kept.count)
        #expect(Set(kept.compactMap { $0["number"].integer }) == Set(printed), "a message was kept and never printed")
        #expect(try await person.json("outbox", "list").isEmpty)
    }
}

/// Commands that may die at the commit point, and what a person does after that.
private struct Play {
    let point: CommitPoint
    var deaths = 0
    /// Numbers of the messages that fetches printed, by profile.
    var printed: [String: [Int]] = [:]

    init(point: CommitPoint) {
        self.point = point
    }

    /// Runs a command that may die. True if it did.
    private mutating func dies(_ profile: Profile, _ arguments: [String]) async throws -> Bool {
        let program = try profile.start(arguments + ["--json"], environment: ["SEALPOST_CRASH_AT": point.rawValue])
        let end = await program.end()
        if arguments.first == "fetch" { note(profile, try JSON.lines(program.output.text)) }
        if end == .signalled(SIGKILL) {
            deaths += 1
            return true
        }
        guard end == .exited(0) else {
            throw Failure("\(arguments): \(end), \(program.errors.text)")
        }
        return false
    }

    private mutating func note(_ profile: Profile, _ messages: [JSON]) {
        printed[profile.name, default: []] += messages.compactMap { $0["number"].integer }
    }

    mutating func register(_ profile: Profile) async throws {
        guard try await dies(profile, ["register", profile.name]) else { return }
        let again = try await profile.run("register", profile.name)
        // It may have been complete when it died.
        guard again.status == 73 else {
            #expect(again.status == 0, "\(again.errors)")
            return
        }
        try await profile.json("whoami")
    }

    mutating func send(_ text: String, from profile: Profile, to handle: String) async throws {
        guard try await dies(profile, ["send", handle, text]) else { return }
        if isInOutbox {
            try await profile.json("outbox", "drain")
        } else {
            try await profile.json("send", handle, text)
        }
    }

    mutating func fetch(_ profile: Profile) async throws {
        guard try await dies(profile, ["fetch"]) else { return }
        note(profile, try await profile.json("fetch"))
    }

    /// Has a token refreshed because the service says, through a proxy, that the one at hand has expired.
    mutating func refresh(_ profile: Profile, of stage: Stage) async throws {
        let point = point
        let lie: Proxy.Lie = { exchange in
            guard exchange.method == "GET", exchange.path == "/v1/tokens" else { return .pass }
            var expired = exchange
            expired.status = 401
            expired.json = [
                "type": "https://sealpost.dev/errors/expired_token", "title": "The token has expired",
                "status": 401, "detail": "refresh it", "code": "expired_token",
            ]
            return .rewrite(expired)
        }
        let died = try await Proxy.telling(lie, before: stage.service) { url in
            let program = try profile.through(url).start(
                ["token", "list"], environment: ["SEALPOST_CRASH_AT": point.rawValue])
            return await program.end() == .signalled(SIGKILL)
        }
        if died { deaths += 1 }
        try await profile.json("token", "list")
    }

    /// Whether a message that was being sent at the commit point is in the outbox, or gone from it because it arrived.
    private var isInOutbox: Bool {
        let all = CommitPoint.allCases
        guard let queued = all.firstIndex(of: .messageQueued), let here = all.firstIndex(of: point) else {
            return false
        }
        // Openings come after the message is queued, too.
        return here >= queued || [.openingStored, .openingAnswered].contains(point)
    }
}
