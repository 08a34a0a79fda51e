import SealpostCore
import SealpostServer
import SodiumKit
import Testing

@Suite("Fetch and acknowledge")
struct MailFetchTests {
    /// A server, bob's listed device, and so many envelopes for it from alice.
    private static func run(
        envelopes: Int, bytes: Int = 128,
        _ body: @escaping @Sendable (MailTestCaller, MailTestAccount, [[UInt8]]) async throws -> Void
    ) async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let receiver = try await bob.registerListed(MailTestDevice())[0]
            var contents: [[UInt8]] = []
            for _ in 0..<envelopes {
                contents.append(MailTestEnvelope.message(bytes: bytes))
                let path = "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())"
                try #require(try await alice.caller.send("PUT", path, body: contents[contents.count - 1]).status == 201)
            }
            try await body(receiver, alice, contents)
        }
    }

    @Test func aFetchGoesOnFromItsCursorAndChangesNothing() async throws {
        try await Self.run(envelopes: 5) { receiver, _, contents in
            let first = try await receiver.get("/v1/mailbox?limit=3")
            #expect(first.status == 200)
            #expect(first.header("Sealpost-Cursor") == "3")
            #expect(first.header("Cache-Control") == "no-store")
            let page = try first.json(MailboxAnswer.self)
            #expect(page.envelopes?.map(\.content.bytes) == Array(contents[..<3]))
            #expect(page.envelopes?.map(\.seq.value) == [1, 2, 3])
            #expect(page.more == true)
            #expect(page.mailbox?.description == "bob.1")
            #expect(page.pending == PendingAnswer(count: 5, bytes: 5 * 128))
            #expect(page.account.listVersion == 1)
            #expect(page.wait == 0)
            #expect(page.superseded == nil)
            let rest = try await receiver.get("/v1/mailbox?after=3").json(MailboxAnswer.self)
            #expect(rest.envelopes?.map(\.content.bytes) == Array(contents[3...]))
            #expect(rest.more == false)
            #expect(try await receiver.get("/v1/mailbox?limit=3").json(MailboxAnswer.self) == page)
            let end = try await receiver.get("/v1/mailbox?after=5").json(MailboxAnswer.self)
            #expect(end.envelopes == [])
            #expect(end.cursor == Sequence(5))
        }
    }

    @Test func anAnswerStopsAtOneMebibyte() async throws {
        try await Self.run(envelopes: 5, bytes: Limits.envelopeBytes) { receiver, _, contents in
            let page = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self)
            #expect(page.envelopes?.map(\.content.bytes) == Array(contents[..<4]))
            #expect(page.more == true)
        }
    }

    @Test func anAcknowledgedEnvelopeIsErased() async throws {
        try await Self.run(envelopes: 4) { receiver, _, _ in
            func ack(_ request: AckRequest) async throws -> AckAnswer {
                try await receiver.send("POST", "/v1/mailbox/ack", json: request).json()
            }
            let out = try await ack(AckRequest(seqs: [Sequence(2), Sequence(3)]))
            #expect(out.pending == PendingAnswer(count: 2, bytes: 256))
            #expect(try await receiver.get("/v1/mailbox/envelopes/2").code == .notFound)
            #expect(try await receiver.get("/v1/mailbox/envelopes/4").status == 200)
            #expect(try await ack(AckRequest(seqs: [Sequence(2)])).pending.count == 2)
            let through = try await ack(AckRequest(through: Sequence(4)))
            #expect(through == AckAnswer(acked: Sequence(4), pending: PendingAnswer(count: 0, bytes: 0)))
            #expect(try await receiver.get("/v1/mailbox").json(MailboxAnswer.self).cursor == Sequence(4))
        }
    }

    @Test func whatIsBeyondTheHeadIsRefusedWithTheHead() async throws {
        try await Self.run(envelopes: 2) { receiver, _, _ in
            let ack = try await receiver.send("POST", "/v1/mailbox/ack", json: AckRequest(through: Sequence(3)))
            #expect(ack.code == .ackAhead)
            #expect(ack.problem?.head == Sequence(2))
            let fetch = try await receiver.get("/v1/mailbox?after=3")
            #expect(fetch.code == .cursorAhead)
            #expect(fetch.problem?.head == Sequence(2))
            let poll = PollRequest(mailbox: .init(ack: AckRequest(through: Sequence(9))))
            #expect(try await receiver.send("POST", "/v1/poll", json: poll).code == .ackAhead)
        }
    }

    @Test func acknowledgementsAreChecked() async throws {
        try await Self.run(envelopes: 1) { receiver, _, _ in
            func expect(_ code: ErrorCode, _ member: String?, _ text: String) async throws {
                let answer = try await receiver.send("POST", "/v1/mailbox/ack", text: text)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(.missingMember, "through", "{}")
            try await expect(.missingMember, "through", "{\"through\":null}")
            try await expect(.invalidMember, "seqs", "{\"through\":1,\"seqs\":[1]}")
            try await expect(.invalidMember, "seqs", "{\"seqs\":[]}")
            try await expect(.invalidMember, "seqs[0]", "{\"seqs\":[-1]}")
            try await expect(.invalidMember, "through", "{\"through\":\"1\"}")
            try await expect(.invalidMember, "through", "{\"through\":9223372036854775808}")
            try await expect(.unknownMember, "after", "{\"after\":1}")
            let many = "[" + Array(repeating: "1", count: 1001).joined(separator: ",") + "]"
            try await expect(.invalidMember, "seqs", "{\"seqs\":\(many)}")
        }
    }

    @Test func parametersAreChecked() async throws {
        try await Self.run(envelopes: 0) { receiver, _, _ in
            for query in [
                "limit=0", "limit=101", "limit=x", "wait=56", "wait=-1", "wait=1.5", "after=-1", "after=01", "after=",
                "after=9223372036854775808", "after=0&after=0", "%ff=1", "after=%zz",
            ] {
                #expect(try await receiver.get("/v1/mailbox?\(query)").code == .invalidParameter, "\(query)")
            }
            let unknown = try await receiver.get("/v1/mailbox?limt=5")
            #expect(unknown.code == .unknownParameter)
            #expect(unknown.problem?.member == "limt")
            for seq in ["0", "-1", "x", "9223372036854775808"] {
                #expect(try await receiver.get("/v1/mailbox/envelopes/\(seq)").code == .invalidParameter, "\(seq)")
            }
            #expect(try await receiver.get("/v1/mailbox/envelopes/1").code == .notFound)
        }
    }

    @Test func aCallerWithoutADeviceHasNoMailbox() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let poll = PollRequest(mailbox: .init())
            #expect(try await alice.caller.get("/v1/mailbox").code == .noDevice)
            #expect(try await alice.caller.get("/v1/mailbox/envelopes/1").code == .noDevice)
            #expect(try await alice.caller.send("POST", "/v1/poll", json: poll).code == .noDevice)
            let ack = AckRequest(through: Sequence(0))
            #expect(try await alice.caller.send("POST", "/v1/mailbox/ack", json: ack).code == .noDevice)
        }
    }

    @Test func aPendingDeviceGetsOnlyWhatIsSaidOfTheAccount() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let (number, pending) = try await alice.register()
            let answer = try await pending.get("/v1/mailbox")
            #expect(answer.status == 200)
            #expect(answer.header("Sealpost-Cursor") == nil)
            let expected = MailboxAnswer(
                account: AccountStateAnswer(listVersion: nil, listHash: nil, pendingDevices: [number]), wait: 0)
            #expect(try answer.json(MailboxAnswer.self) == expected)
            let poll = try await pending.send("POST", "/v1/poll", json: PollRequest(mailbox: .init()))
            #expect(try poll.json(PollAnswer.self) == PollAnswer(mailbox: expected, wait: 0))
            let ack = AckRequest(through: Sequence(0))
            #expect(try await pending.send("POST", "/v1/mailbox/ack", json: ack).code == .devicePending)
        }
    }

    @Test func anAPITokenNeedsTheScope() async throws {
        try await Self.run(envelopes: 1) { receiver, _, _ in
            let reader = try await MailTestToken.make(receiver, [.mailbox])
            #expect(try await reader.get("/v1/mailbox").json(MailboxAnswer.self).envelopes?.count == 1)
            #expect(try await reader.get("/v1/devices").code == .insufficientScope)
            let writer = try await MailTestToken.make(receiver, [.deposit])
            #expect(try await writer.get("/v1/mailbox").code == .insufficientScope)
            let path = "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())"
            #expect(try await writer.send("PUT", path, body: MailTestEnvelope.message()).status == 201)
            #expect(try await reader.send("PUT", path, body: MailTestEnvelope.message()).code == .insufficientScope)
        }
    }
}
