import Foundation
import SealpostCore
import SealpostServer
import SealpostTesting
import SodiumKit
import Testing

@Suite("Polls")
struct MailPollTests {
    /// Bob's listed device, and alice who writes to it.
    private static func run(
        _ body: @escaping @Sendable (MailTestServer, MailTestCaller, MailTestAccount) async throws -> Void
    ) async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            try await body(server, try await bob.registerListed(MailTestDevice())[0], alice)
        }
    }

    private static func deposit(_ content: [UInt8], by alice: MailTestAccount) async throws -> String {
        let path = "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())"
        try #require(try await alice.caller.send("PUT", path, body: content).status == 201)
        return path
    }

    /// Waits until the server has so many parked polls; fails long before a poll of 50 seconds would end by itself.
    private static func parked(_ count: Int, on server: MailTestServer) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while server.app.parts.mail.parkedPolls != count {
            try #require(ContinuousClock.now < deadline, "\(server.app.parts.mail.parkedPolls) parked, not \(count)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aDepositWakesAParkedPollWithItsEnvelope() async throws {
        try await Self.run { server, receiver, alice in
            async let waiting = receiver.get("/v1/mailbox?wait=50")
            try await Self.parked(1, on: server)
            let content = MailTestEnvelope.message()
            _ = try await Self.deposit(content, by: alice)
            let answer = try await waiting
            let mailbox = try answer.json(MailboxAnswer.self)
            #expect(mailbox.envelopes?.map(\.content.bytes) == [content])
            #expect(mailbox.wait == 50)
            #expect(answer.header("Sealpost-Cursor") == "1")
            // What the wake handed over is what a fetch reads.
            #expect(
                try await receiver.get("/v1/mailbox").json(MailboxAnswer.self).envelopes == mailbox.envelopes)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aWithdrawalMakesAParkedPollLookAgain() async throws {
        try await Self.run { server, receiver, alice in
            let path = try await Self.deposit(MailTestEnvelope.message(), by: alice)
            async let waiting = receiver.get("/v1/mailbox?after=1&wait=50")
            try await Self.parked(1, on: server)
            #expect(try await alice.caller.delete(path).status == 204)
            // Nothing is behind its cursor, so it parks again; what it says in the end is from its last look.
            try await Self.parked(1, on: server)
            server.app.parts.mail.drain()
            let mailbox = try await waiting.json(MailboxAnswer.self)
            #expect(mailbox.envelopes == [] && mailbox.tombstones == [])
            #expect(mailbox.pending?.count == 0)
            let all = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self)
            #expect(all.tombstones?.map(\.reason) == [.withdrawn])
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPollThatTimesOutHasTheSameShape() async throws {
        try await Self.run { _, receiver, _ in
            let preferred = try await receiver.get("/v1/mailbox", headers: [("Prefer", "respond-async, wait=1")])
            #expect(preferred.status == 200)
            #expect(preferred.header("Preference-Applied") == "wait=1")
            let mailbox = try preferred.json(MailboxAnswer.self)
            #expect(mailbox.envelopes == [])
            #expect(mailbox.tombstones == [])
            #expect(mailbox.cursor == .start)
            #expect(mailbox.more == false)
            #expect(mailbox.wait == 1)
            let both = try await receiver.get("/v1/mailbox?wait=0", headers: [("Prefer", "wait=50")])
            #expect(both.header("Preference-Applied") == nil)
            #expect(try both.json(MailboxAnswer.self).wait == 0)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aFifthPollReleasesTheOldest() async throws {
        try await Self.run { server, receiver, alice in
            let first = Task { try await receiver.get("/v1/mailbox?wait=50") }
            try await Self.parked(1, on: server)
            try await withThrowingTaskGroup(of: MailTestAnswer.self) { group in
                for count in 2...Limits.pollsPerMailbox {
                    group.addTask { try await receiver.get("/v1/mailbox?wait=50") }
                    try await Self.parked(count, on: server)
                }
                group.addTask { try await receiver.get("/v1/mailbox?wait=50") }
                let superseded = try await first.value.json(MailboxAnswer.self)
                #expect(superseded.superseded == true)
                #expect(superseded.retryAfter == 5)
                #expect(superseded.envelopes == [])
                _ = try await Self.deposit(MailTestEnvelope.message(), by: alice)
                for try await answer in group {
                    let mailbox = try answer.json(MailboxAnswer.self)
                    #expect(mailbox.superseded == nil)
                    #expect(mailbox.envelopes?.count == 1)
                }
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func aPollAcknowledgesAndThenWaits() async throws {
        try await Self.run { server, receiver, alice in
            _ = try await Self.deposit(MailTestEnvelope.message(), by: alice)
            let request = PollRequest(
                mailbox: .init(ack: AckRequest(through: Sequence(1)), after: Sequence(1)), limit: 10, wait: 50)
            async let waiting = receiver.send("POST", "/v1/poll", json: request)
            try await Self.parked(1, on: server)
            let content = MailTestEnvelope.message()
            _ = try await Self.deposit(content, by: alice)
            let answer = try await waiting
            let poll = try answer.json(PollAnswer.self)
            #expect(poll.wait == 50)
            #expect(poll.mailbox.envelopes?.map(\.content.bytes) == [content])
            #expect(poll.mailbox.pending?.count == 1)
            #expect(answer.header("Sealpost-Cursor") == "2")
        }
    }

    @Test func pollRequestsAreChecked() async throws {
        try await Self.run { _, receiver, _ in
            func expect(_ code: ErrorCode, _ member: String?, _ text: String) async throws {
                let answer = try await receiver.send("POST", "/v1/poll", text: text)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(.missingMember, "mailbox", "{}")
            try await expect(.invalidMember, "limit", "{\"mailbox\":{},\"limit\":0}")
            try await expect(.invalidMember, "limit", "{\"mailbox\":{},\"limit\":101}")
            try await expect(.invalidMember, "wait", "{\"mailbox\":{},\"wait\":56}")
            try await expect(.invalidMember, "wait", "{\"mailbox\":{},\"wait\":-1}")
            try await expect(.missingMember, "mailbox.ack", "{\"mailbox\":{\"ack\":{}}}")
            try await expect(.unknownMember, "mailbox.ack.x", "{\"mailbox\":{\"ack\":{\"x\":1}}}")
            try await expect(.unknownMember, "rooms", "{\"mailbox\":{},\"rooms\":{}}")
            try await expect(.invalidMember, "mailbox.after", "{\"mailbox\":{\"after\":-1}}")
        }
    }

    @Test(.timeLimit(.minutes(1))) func aNewDeviceListWakesParkedPolls() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, pending) = try await alice.register(device)
            async let waiting = pending.get("/v1/mailbox?wait=50")
            try await Self.parked(1, on: server)
            #expect(try await alice.put(try alice.list([device.identity.publicKey])).status == 200)
            let mailbox = try await waiting.json(MailboxAnswer.self)
            #expect(mailbox.account.listVersion == 1)
            #expect(mailbox.account.pendingDevices == [])
            #expect(mailbox.envelopes == [])
        }
    }

    @Test(.timeLimit(.minutes(1))) func endingTheSessionEndsItsPolls() async throws {
        try await Self.run { server, receiver, _ in
            async let waiting = receiver.get("/v1/mailbox?wait=50")
            try await Self.parked(1, on: server)
            #expect(try await receiver.delete("/v1/sessions/current").status == 204)
            #expect(try await waiting.code == .invalidToken)
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["GET", "POST"])
    func aClientThatHangsUpReleasesItsPlace(method: String) async throws {
        try await Self.run { server, receiver, _ in
            let socket = try TestSocket(port: server.port)
            try socket.send(Self.request(method, receiver))
            try await Self.parked(1, on: server)
            socket.close()
            try await Self.parked(0, on: server)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aClientThatOnlyStopsSendingIsAnsweredAtOnce() async throws {
        try await Self.run { server, receiver, _ in
            let socket = try TestSocket(port: server.port)
            defer { socket.close() }
            try socket.send(Self.request("GET", receiver))
            try await Self.parked(1, on: server)
            socket.stopSending()
            try await Self.parked(0, on: server)
            #expect(try await socket.receiveAll().hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test(.timeLimit(.minutes(1))) func aConnectionServesOnePollAfterTheOther() async throws {
        try await Self.run { server, receiver, alice in
            let socket = try TestSocket(port: server.port)
            defer { socket.close() }
            for _ in 1...3 {
                try socket.send(Self.request("GET", receiver))
                try await Self.parked(1, on: server)
                _ = try await Self.deposit(MailTestEnvelope.message(), by: alice)
                #expect(try await socket.receiveAnswer().hasPrefix("HTTP/1.1 200 OK"))
                let through = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self).cursor
                _ = try await receiver.send("POST", "/v1/mailbox/ack", json: AckRequest(through: try #require(through)))
            }
        }
    }

    /// A poll as it goes over the wire.
    private static func request(_ method: String, _ caller: MailTestCaller) -> String {
        let head = "Host: localhost\r\nAuthorization: Bearer \(caller.token ?? "")\r\n"
        guard method == "POST" else { return "GET /v1/mailbox?wait=50 HTTP/1.1\r\n\(head)\r\n" }
        let body = "{\"mailbox\":{},\"wait\":50}"
        return "POST /v1/poll HTTP/1.1\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
