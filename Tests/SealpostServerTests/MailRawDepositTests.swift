import SealpostCore
import SealpostServer
import SodiumKit
import Testing

@Suite("Raw envelopes and withdrawal")
struct MailRawDepositTests {
    @Test func aRawEnvelopeArrivesAndARepeatIsKnown() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let receiver = try await bob.registerListed(MailTestDevice())[0]
            let path = "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())"
            let content = MailTestEnvelope.message(bytes: Limits.envelopeBytes)
            let typed = try await alice.caller.send("PUT", path, body: content, type: "application/octet-stream")
            #expect(typed.status == 201, "\(typed.text)")
            #expect(try await alice.caller.send("PUT", path, body: content).status == 200)
            #expect(try await alice.caller.send("PUT", path, body: MailTestEnvelope.message()).code == .idConflict)
            let stored = try await receiver.get("/v1/mailbox/envelopes/1")
            #expect(stored.header("Content-Type") == "application/octet-stream")
            #expect(stored.body == content)
            // A session without a device goes by its handle.
            let mailbox = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self)
            #expect(mailbox.envelopes?.first?.from == "alice")
        }
    }

    @Test func whatIsNoEnvelopeOrHasNoMailboxIsRefused() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            func answer(
                _ address: String, _ body: [UInt8], query: String = "", type: String? = nil
            ) async throws -> MailTestAnswer {
                let path = "/v1/mailboxes/\(address)/envelopes/\(MailTestEnvelope.id())\(query)"
                return try await alice.caller.send("PUT", path, body: body, type: type)
            }
            func put(
                _ address: String, _ body: [UInt8], query: String = "", type: String? = nil
            ) async throws -> ErrorCode? {
                try await answer(address, body, query: query, type: type).code
            }
            let good = MailTestEnvelope.message()
            #expect(try await put("bob.1", []) == .notAnEnvelope)
            #expect(try await put("bob.1", Array("hello".utf8)) == .notAnEnvelope)
            #expect(try await put("bob.1", MailTestEnvelope.message(bytes: Limits.envelopeBytes + 1)) == .bodyTooLarge)
            #expect(try await put("bob.1", good, type: "application/json") == .unsupportedMediaType)
            let noMailbox = try #require(try await answer("bob.2", good).problem)
            #expect(noMailbox.code == .notFound && noMailbox.member == "address")
            #expect(noMailbox.detail == "there is no mailbox bob.2")
            let noAccount = try #require(try await answer("nobody.1", good).problem)
            #expect(noAccount.code == .notFound && noAccount.member == "handle")
            for address in ["bob", "bob.0", "bob.01", "bob.1.1", "Bob.1", "bob.4294967296"] {
                #expect(try await put(address, good) == .invalidParameter, "\(address)")
            }
            for ttl in ["", "x", "1.5", "9223372036854775808"] {
                #expect(try await put("bob.1", good, query: "?ttl=\(ttl)") == .invalidParameter, "\(ttl)")
            }
            #expect(try await put("bob.1", good, query: "?ttl=60&ttl=60") == .invalidParameter)
            #expect(try await put("bob.1", good, query: "?policy=ignore") == .unknownParameter)
        }
    }

    @Test func onlyItsDepositorWithdrawsAnEnvelopeAndATombstoneStays() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let carol = try await MailTestAccount("carol", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let receiver = try await bob.registerListed(MailTestDevice())[0]
            let path = "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())"
            #expect(try await alice.caller.send("PUT", path, body: MailTestEnvelope.message()).status == 201)
            #expect(try await carol.caller.delete(path).status == 204)
            #expect(try await receiver.get("/v1/mailbox").json(MailboxAnswer.self).envelopes?.count == 1)
            #expect(try await alice.caller.delete(path).status == 204)
            #expect(try await alice.caller.delete(path).status == 204)
            let mailbox = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self)
            #expect(mailbox.envelopes?.isEmpty == true)
            #expect(
                mailbox.tombstones
                    == [Tombstone(from: Sequence(1), through: Sequence(1), reason: .withdrawn, count: 1)])
            #expect(mailbox.cursor == Sequence(1))
            #expect(
                try await alice.caller.delete("/v1/mailboxes/nobody.1/envelopes/\(MailTestEnvelope.id())").status == 204
            )
            #expect(try await alice.caller.delete("/v1/mailboxes/bob.1/envelopes/short").code == .invalidParameter)
        }
    }
}
