import SealpostFormats
import Synchronization
import Testing

/// A server that lies about device lists and keys is noticed, and nothing goes to where it wants it.
@Suite
struct LyingServerTests {
    @Test func aDeviceThatTheServerAddsToAListIsNoticed() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        let forger = Forger()
        let lie: Proxy.Lie = { exchange in
            guard Self.isAbout("bob", exchange), let list = exchange.json["list"].bytes else { return .pass }
            var told = exchange
            told.json["list"] = .base64(try forger.adding(to: list))
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            try await expectCaught(alice.through(url), ["contacts", "bob"], "list_not_signed")
        }
        #expect(try await alice.json("contacts").first?["devices"] == [1])
        try await expectStillFriends(alice, bob)
    }

    @Test func aDeviceThatTheServerOffersBesideTheListGetsNothing() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        // A bundle of a real device, under a number that bob's list does not have.
        let deposits = Recorder()
        let lie: Proxy.Lie = { exchange in
            if exchange.method == "PUT" { deposits.note(exchange.body) }
            guard exchange.path == "/v1/accounts/bob/claims" else { return .pass }
            var told = exchange
            var foreign = exchange.json["bundles"][0]
            foreign["device"] = 2
            told.json["bundles"] = .array(exchange.json["bundles"].items + [foreign])
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            try await expectCaught(alice.through(url), ["send", "bob", "only to listed devices"], "unlisted_device")
        }
        for body in deposits.bodies {
            #expect(try JSON(body)["envelopes"].items.allSatisfy { $0["device"] == 1 })
        }
        try await alice.json("outbox", "drain")
        #expect(try await bob.fetched() == ["only to listed devices"])
    }

    @Test func anExchangedAccountKeyStopsSendingUntilItIsAccepted() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        let forger = Forger()
        let lie: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/bob" else { return .pass }
            var told = exchange
            told.json = forger.directory(of: "bob", list: try forger.list(of: "bob"))
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            try await expectCaught(alice.through(url), ["contacts", "bob"], "account_key_changed")
        }
        #expect(try await alice.json("contacts").first?["key_changed"] == true)
        let held = try await alice.run("send", "bob", "not to a stranger", "--json")
        #expect(held.status == 76)
        #expect(try await bob.fetched().isEmpty)

        try await alice.json("verify", "bob", "--reject")
        try await alice.json("outbox", "drain")
        #expect(try await bob.fetched() == ["not to a stranger"])
    }

    @Test func theListOfAnotherAccountIsNoticed() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        _ = try await stage.person("mallory")
        let url = stage.service.url
        let token = try await stage.api(of: alice, scopes: ["deposit"]).token
        let other = try await API(url, token: token).call("GET", "/v1/accounts/mallory").json
        #expect(other["list"].bytes != nil)

        // The whole answer of another account, then the same under bob's name, then his own key beside her list.
        for variant in 0..<3 {
            let lie: Proxy.Lie = { exchange in
                guard exchange.path == "/v1/accounts/bob" else { return .pass }
                var told = exchange
                var answer = other
                if variant > 0 { answer["handle"] = "bob" }
                if variant > 1 { answer["account_key"] = exchange.json["account_key"] }
                told.json = answer
                return .rewrite(told)
            }
            try await Proxy.telling(lie, before: stage.service) { url in
                let run = try await alice.through(url).run("contacts", "bob", "--json")
                #expect(run.status == 76, "variant \(variant): \(run.output)\(run.errors)")
            }
        }
        try await expectStillFriends(alice, bob)
    }

    @Test func twoListsOfOneVersionAreNoticed() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let forger = Forger()
        let lists = [try forger.list(of: "zed", devices: [1]), try forger.list(of: "zed", devices: [1, 2])]
        for (number, list) in lists.enumerated() {
            let lie: Proxy.Lie = { exchange in
                guard exchange.path == "/v1/accounts/zed" else { return .pass }
                var told = exchange
                told.status = 200
                told.json = forger.directory(of: "zed", list: list)
                return .rewrite(told)
            }
            try await Proxy.telling(lie, before: stage.service) { url in
                if number == 0 {
                    try await alice.through(url).json("contacts", "zed")
                } else {
                    try await expectCaught(alice.through(url), ["contacts", "zed"], "list_forked")
                }
            }
        }
        #expect(try await alice.json("contacts").first?["devices"] == [1])
    }

    @Test func anOldListIsNoticed() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        let old = try await directory(of: "bob", as: alice, at: stage)
        _ = try await stage.device("bobs-phone", of: bob)
        try await alice.json("contacts", "bob")
        try await Proxy.telling(Self.serving(old, for: "bob"), before: stage.service) { url in
            try await expectCaught(alice.through(url), ["contacts", "bob"], "list_rolled_back")
        }
    }

    @Test func aListThatIsHeldBackIsNoticedByWhatItsOwnerWrites() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        let old = try await directory(of: "bob", as: alice, at: stage)
        _ = try await stage.device("bobs-phone", of: bob)
        try await bob.json("send", "alice", "I have a new phone")
        try await Proxy.telling(Self.serving(old, for: "bob"), before: stage.service) { url in
            let run = try await alice.through(url).run("fetch", "--json")
            #expect(run.status == 76)
            #expect(run.errors.contains("list_frozen"), "\(run.errors)")
        }
        #expect(try await alice.kept().contains { $0["text"] == "I have a new phone" })
    }

    @Test func aListThatIsWithheldIsNoticed() async throws {
        let stage = try await Stage.set()
        let (alice, bob) = try await acquaintances(at: stage)
        let lie: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/bob" else { return .pass }
            var told = exchange
            told.json = ["handle": "bob"]
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            try await expectCaught(alice.through(url), ["contacts", "bob"], "list_withheld")
        }
        try await expectStillFriends(alice, bob)
    }

    @Test func anIdentityKeyOrPrekeyThatIsNotTheDevicesIsNoticed() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        _ = try await stage.person("mallory")
        let token = try await stage.api(of: alice, scopes: ["deposit"]).token
        let url = stage.service.url
        let other = try await API(url, token: token).call(
            "POST", "/v1/accounts/mallory/claims", json: ["request_id": .string(RandomID.make())]
        ).json["bundles"][0]

        for (member, reason) in [("identity_key", "identity_key_mismatch"), ("signed_prekey", "prekey_not_signed")] {
            let lie: Proxy.Lie = { exchange in
                guard exchange.path == "/v1/accounts/bob/claims" else { return .pass }
                var told = exchange
                var bundle = exchange.json["bundles"][0]
                bundle[member] = other[member]
                told.json["bundles"] = [bundle]
                return .rewrite(told)
            }
            try await Proxy.telling(lie, before: stage.service) { url in
                try await expectCaught(alice.through(url), ["send", "bob", reason], reason)
            }
            #expect(try await bob.fetched().isEmpty)
            for entry in try await alice.json("outbox", "list") {
                try await alice.json("outbox", "drop", "\(entry["entry"].integer ?? 0)")
            }
        }
    }

    @Test func aLinkedDeviceTakesNoListByAnotherAccountKeyThanThatOfItsCode() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let phone = stage.newcomer("phone")
        let forger = Forger()
        // At first the true key without a list, so that the code is right and no key is pinned by a list…
        let hiding: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/alice" else { return .pass }
            var told = exchange
            told.json = ["handle": "alice", "account_key": exchange.json["account_key"]]
            return .rewrite(told)
        }
        let request = try await Proxy.telling(hiding, before: stage.service) { url in
            try #require(try await phone.through(url).json("device", "link", "alice").first)
        }
        try await alice.json("device", "approve", "alice.2", "--code", request["code"].string ?? "")
        // …then a list that names the device, by another key.
        let forging: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/alice", let list = exchange.json["list"].bytes else { return .pass }
            var told = exchange
            told.json = forger.directory(of: "alice", list: try forger.takingOver(list))
            return .rewrite(told)
        }
        try await Proxy.telling(forging, before: stage.service) { url in
            try await expectCaught(phone.through(url), ["fetch"], "own_account_key_changed")
        }
        #expect(try await phone.json("whoami").first?["state"] == "pending")
        #expect(try await phone.json("fetch").isEmpty)
        #expect(try await phone.json("whoami").first?["state"] == "listed")
    }

    @Test func aFirstDeviceDoesNotGiveUpItsAccountKeyForOneThatTheServerNames() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let alice = stage.newcomer("alice")
        let forger = Forger()
        let drafts = Recorder()
        let lie: Proxy.Lie = { exchange in
            var told = exchange
            switch (exchange.method, exchange.path) {
            case ("PUT", "/v1/account/key"):
                drafts.note(exchange.body)
                told.status = 409
                told.json = [
                    "type": "https://sealpost.dev/errors/list_conflict", "title": "There is another list",
                    "status": 409, "detail": "fetch it", "code": "list_conflict",
                ]
            case ("GET", "/v1/accounts/alice") where !drafts.bodies.isEmpty:
                told.json = forger.directory(of: "alice", list: try forger.list(of: "alice"))
            default: return .pass
            }
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: stage.service) { url in
            try await expectCaught(alice.through(url), ["register", "alice"], "own_account_key_changed")
        }
        // It still has its key, which the server has taken: only the answer was a lie. It is told of once more, as what
        // was found in the profile.
        try await expectCaught(alice, ["whoami"], "own_account_key_changed")
        #expect(try await alice.json("whoami").first?["state"] == "listed")
        try await expectStillFriends(alice, bob)
        let own = try JSON(try #require(drafts.bodies.first))["account_key"]
        #expect(try await bob.json("contacts").first?["account_key"] == own)
    }

    // MARK: What they share

    /// Two people who have exchanged mail.
    private func acquaintances(at stage: Stage) async throws -> (Profile, Profile) {
        let bob = try await stage.person("bob")
        let alice = try await stage.person("alice")
        try await alice.json("send", "bob", "hello")
        #expect(try await bob.fetched() == ["hello"])
        try await bob.json("send", "alice", "hello yourself")
        #expect(try await alice.fetched() == ["hello yourself"])
        return (alice, bob)
    }

    private func expectStillFriends(_ alice: Profile, _ bob: Profile) async throws {
        try await alice.json("send", "bob", "still you")
        #expect(try await bob.fetched() == ["still you"])
    }

    private func expectCaught(_ profile: Profile, _ arguments: [String], _ reason: String) async throws {
        let program = try profile.start(arguments + ["--json"])
        #expect(await program.end() == .exited(76), "\(program.output.text)\(program.errors.text)")
        #expect(program.errors.text.contains(reason), "\(program.errors.text)")
    }

    private func directory(of handle: String, as profile: Profile, at stage: Stage) async throws -> JSON {
        let api = try await stage.api(of: profile, scopes: ["deposit"])
        return try await api.call("GET", "/v1/accounts/\(handle)").json
    }

    private static func isAbout(_ handle: String, _ exchange: Proxy.Exchange) -> Bool {
        exchange.path == "/v1/accounts/\(handle)" || exchange.path == "/v1/accounts/\(handle)/claims"
    }

    /// Serves one directory answer for ever.
    private static func serving(_ directory: JSON, for handle: String) -> Proxy.Lie {
        { exchange in
            guard isAbout(handle, exchange) else { return .pass }
            var told = exchange
            if exchange.path.hasSuffix("/claims") {
                told.json["list"] = directory["list"]
                told.json["signature"] = directory["signature"]
            } else {
                told.json = directory
            }
            return .rewrite(told)
        }
    }
}

/// Bodies that passed by.
private final class Recorder: Sendable {
    private let noted = Mutex<[[UInt8]]>([])

    func note(_ body: [UInt8]) { noted.withLock { $0.append(body) } }
    var bodies: [[UInt8]] { noted.withLock { $0 } }
}
