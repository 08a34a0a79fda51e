import Foundation
import SealpostTesting
import Testing

/// What ends at one node ends at the others: within a second, if the machine has time.
@Suite struct PostgresRevocationTests {
    private static let bound = Duration.seconds(3)

    @Test func aTokenRevokedAtOneNodeIsRefusedAtTheOtherAndItsPollsEnd() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let bob = try await nodes.stage.person("bob")
        let made = try await bob.json("token", "create", "test", "--scopes", "mailbox")
        let (id, text) = (try #require(made.first?["id"].string), made.first?["token"].string)
        try await Self.expectEnd(of: nodes.second.api(token: text), "token") {
            try await bob.json("token", "revoke", id)
        }
    }

    @Test func aDeviceRemovedAtOneNodeIsGoneAtTheOtherAndItsPollsEnd() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let alice = try await nodes.stage.person("alice")
        let phone = try await nodes.stage.device("phone", of: alice)
        let device = try await nodes.stage.api(of: phone, scopes: ["mailbox"])
        // What came with the linking.
        let cursor = try await device.call("GET", "/v1/mailbox").json["cursor"].integer
        // The tool first takes it off the list: a poll may hear of that before it ends with its device.
        try await Self.expectEnd(of: nodes.second.api(as: device), after: cursor ?? 0, "device", [200, 401]) {
            try await alice.json("device", "remove", "alice.2")
        }
    }

    @Test func aSessionEndedAtOneNodeIsRefusedAtTheOther() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let carol = try await API.register("carol", at: nodes.first.url)
        let there = nodes.second.api(as: carol)
        #expect(try await there.call("GET", "/v1/account").status == 200)
        #expect(try await carol.call("DELETE", "/v1/sessions/current").status == 204)
        let duration = try await Self.refusal(of: there, "/v1/account")
        print("a session is refused at the other node after \(duration.inMilliseconds) ms")
        #expect(duration < Self.bound)
    }

    @Test func aPollIsToldOfWhatChangesInItsAccountAtTheOtherNode() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let alice = try await nodes.stage.person("alice")
        let device = nodes.second.api(as: try await nodes.stage.api(of: alice, scopes: ["mailbox"]))
        let phone = nodes.stage.newcomer("phone")
        let (linked, listed) = (Moment(), Moment())
        let pending = try await device.whileParked {
            try await phone.json("device", "link", "alice")
            linked.note()
        }
        for poll in pending { #expect(poll.answer.json["account"]["pending_devices"].items.count == 1) }
        let code = try await phone.json("device", "link", "alice").first?["code"].string
        let cursor = try await device.call("GET", "/v1/mailbox").json["cursor"].integer ?? 0
        let after = try await device.whileParked(after: cursor) {
            try await alice.json("device", "approve", "2", "--code", try #require(code))
            listed.note()
        }
        for poll in after { #expect(poll.answer.json["account"]["list_version"].integer == 2) }
        let delays = (pending.map { $0.time - linked.time } + after.map { $0.time - listed.time })
        print("told of a device at the other node \(delays.map(\.inMilliseconds)) ms after the command's end")
        #expect(delays.allSatisfy { $0 < Self.bound })
    }

    /// Polls that are parked at a node end when something happens elsewhere, and the token is refused there.
    private static func expectEnd(
        of device: API, after cursor: Int = 0, _ what: String, _ statuses: Set<Int> = [401],
        _ body: @Sendable () async throws -> some Sendable
    ) async throws {
        let ended = Moment()
        let polls = try await device.whileParked(after: cursor) {
            _ = try await body()
            ended.note()
        }
        let refusal = try await refusal(of: device, "/v1/mailbox")
        let delays = polls.map { $0.time - ended.time }
        print(
            "a \(what) is refused at the other node \(refusal.inMilliseconds) ms after its polls ended there, which was",
            "\(delays.map(\.inMilliseconds)) ms after the command's end")
        #expect(polls.count == 4 && statuses.isSuperset(of: polls.map(\.answer.status)))
        #expect(delays.allSatisfy { $0 < bound } && refusal < bound)
    }

    /// Asks until the answer is 401, and returns how long that took.
    private static func refusal(of caller: API, _ path: String) async throws -> Duration {
        let start = ContinuousClock.now
        while try await caller.call("GET", path).status != 401, ContinuousClock.now - start < .seconds(20) {
            // Between two questions; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(5))
        }
        return ContinuousClock.now - start
    }
}
