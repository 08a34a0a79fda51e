import SealpostCore
import SealpostServer
import SodiumKit
import Testing

@Suite("Deposits")
struct MailDepositTests {
    @Test func aDepositReachesEachDeviceAndARepeatIsAnsweredAlike() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let sender = try await alice.registerListed(MailTestDevice())[0]
            let receivers = try await bob.registerListed(MailTestDevice(), MailTestDevice())
            let contents: [UInt32: [UInt8]] = [1: MailTestEnvelope.message(), 2: MailTestEnvelope.message()]
            let deposit = try MailTestEnvelope.deposit(contents, ttl: 3600)
            let path = "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())"
            let before = server.clock.now
            let first = try await sender.send("PUT", path, json: deposit)
            #expect(first.status == 201)
            let answer = try first.json(DepositAnswer.self)
            #expect(answer.outcomes.map(\.device.value) == [1, 2])
            #expect(answer.outcomes.allSatisfy { $0.outcome == .stored && $0.seq == Sequence(1) })
            let expires = try #require(answer.outcomes[0].expires)
            #expect(expires >= before + .seconds(3599) && expires <= server.clock.now + .seconds(3601))
            let again = try await sender.send("PUT", path, json: deposit)
            #expect(again.status == 200)
            #expect(try again.json(DepositAnswer.self) == answer)
            for (number, receiver) in zip([UInt32(1), 2], receivers) {
                let mailbox = try await receiver.get("/v1/mailbox").json(MailboxAnswer.self)
                #expect(mailbox.envelopes?.map(\.content.bytes) == contents[number].map { [$0] })
                #expect(mailbox.envelopes?.first?.from == "alice.1")
                #expect(mailbox.envelopes?.first?.kind == "message")
            }
        }
    }

    @Test func aStrictDepositMustCoverEveryDevice() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice(), MailTestDevice())
            func put(_ deposit: DepositRequest) async throws -> MailTestAnswer {
                let path = "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())"
                return try await alice.caller.send("PUT", path, json: deposit)
            }
            let content = MailTestEnvelope.message()
            let answer = try await put(try MailTestEnvelope.deposit([1: content, 9: content]))
            #expect(answer.code == .deviceMismatch)
            #expect(answer.problem?.missing?.map(\.value) == [2])
            #expect(answer.problem?.gone?.map(\.value) == [9])
            #expect(try await put(try MailTestEnvelope.deposit([1: content], policy: .ignore)).status == 201)
            #expect(try await put(try MailTestEnvelope.deposit([1: content, 2: content])).status == 201)
        }
    }

    @Test func anIDIsKnownWithItsContent() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let receiver = try await bob.registerListed(MailTestDevice())[0]
            let path = "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())"
            let first = try MailTestEnvelope.deposit([1: MailTestEnvelope.message()])
            let other = try MailTestEnvelope.deposit([1: MailTestEnvelope.message()])
            #expect(try await alice.caller.send("PUT", path, json: first).status == 201)
            #expect(try await alice.caller.send("PUT", path, json: other).code == .idConflict)
            // Another depositor's use of the same id disturbs nobody.
            #expect(try await receiver.send("PUT", path, json: other).status == 201)
        }
    }

    @Test func envelopesAreCheckedBeforeTheyAreStored() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let path = "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())"
            func expect(_ code: ErrorCode, _ member: String?, _ contents: [(UInt32, [UInt8])]) async throws {
                let envelopes = try contents.map {
                    DepositRequest.Envelope(device: try #require(DeviceNumber($0.0)), content: Base64($0.1))
                }
                let answer = try await alice.caller.send("PUT", path, json: DepositRequest(envelopes: envelopes))
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            let good = MailTestEnvelope.message()
            try await expect(.notAnEnvelope, "envelopes[0].content", [(1, [])])
            try await expect(.notAnEnvelope, "envelopes[0].content", [(1, Array("hello, plain text".utf8))])
            try await expect(.notAnEnvelope, "envelopes[0].content", [(1, [0x01, 0x02] + Random.bytes(20))])
            try await expect(
                .notAnEnvelope, "envelopes[1].content", [(1, good), (2, [0x02, 0x02] + Random.bytes(200))])
            try await expect(.invalidMember, "envelopes[1].device", [(1, good), (1, good)])
            try await expect(.invalidMember, "envelopes", [])
            try await expect(.invalidMember, "envelopes", (1...11).map { ($0, good) })
            let tooLarge = MailTestEnvelope.message(bytes: Limits.envelopeBytes + 1)
            try await expect(.invalidMember, "envelopes[0].content", [(1, tooLarge)])
            try await expect(.bodyTooLarge, nil, (1...10).map { ($0, MailTestEnvelope.message(bytes: 320 * 1024)) })
        }
    }

    @Test func theLargestEnvelopesForTenDevicesFitIntoOneRequest() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let content = MailTestEnvelope.message(bytes: Limits.envelopeBytes)
            let contents = Dictionary(uniqueKeysWithValues: (1...10).map { (UInt32($0), content) })
            let answer = try await alice.caller.send(
                "PUT", "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())",
                json: try MailTestEnvelope.deposit(contents))
            // It was read whole: nine of the devices do not exist.
            #expect(answer.code == .deviceMismatch)
            #expect(answer.problem?.gone?.count == 9)
        }
    }

    @Test func membersAndPathsAreChecked() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let good = "{\"device\":1,\"content\":\"\(Base64(MailTestEnvelope.message()))\"}"
            func expect(
                _ code: ErrorCode, _ member: String?, _ text: String,
                path: String = "bob/deposits/\(MailTestEnvelope.id())"
            ) async throws {
                let answer = try await alice.caller.send("PUT", "/v1/accounts/\(path)", text: text)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(.missingMember, "envelopes", "{}")
            try await expect(.missingMember, "envelopes[0].content", "{\"envelopes\":[{\"device\":1}]}")
            try await expect(
                .unknownMember, "envelopes[0].from",
                "{\"envelopes\":[{\"from\":\"eve\",\"device\":1,\"content\":\"\"}]}")
            try await expect(.invalidMember, "envelopes", "{\"envelopes\":{}}")
            try await expect(.invalidMember, "policy", "{\"envelopes\":[\(good)],\"policy\":\"lax\"}")
            try await expect(.invalidMember, "ttl", "{\"envelopes\":[\(good)],\"ttl\":\"60\"}")
            // The decoder does not say which number it was.
            try await expect(.invalidMember, nil, "{\"envelopes\":[\(good)],\"ttl\":1.5}")
            try await expect(
                .invalidMember, "envelopes[0].content", "{\"envelopes\":[{\"device\":1,\"content\":\"AQI\"}]}")
            try await expect(
                .invalidMember, "envelopes[0].content", "{\"envelopes\":[{\"device\":1,\"content\":\"AQ_-\"}]}")
            try await expect(.invalidParameter, "id", "{\"envelopes\":[\(good)]}", path: "bob/deposits/short")
            try await expect(
                .invalidParameter, "handle", "{\"envelopes\":[\(good)]}", path: "b/deposits/\(MailTestEnvelope.id())")
            try await expect(
                .notFound, "handle", "{\"envelopes\":[\(good)]}", path: "nobody/deposits/\(MailTestEnvelope.id())")
        }
    }

    @Test(
        arguments: [
            (Int64.min, Limits.minimumTTL), (Int64(0), Limits.minimumTTL), (Int64(60), Duration.seconds(60)),
            (Int64.max, Limits.maximumTTL),
        ] as [(Int64, Duration)])
    func aTimeToLiveIsClamped(asked: Int64, given: Duration) async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let deposit = try MailTestEnvelope.deposit([1: MailTestEnvelope.message()], ttl: asked)
            let json = try await alice.caller.send(
                "PUT", "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())", json: deposit)
            let raw = try await alice.caller.send(
                "PUT", "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())?ttl=\(asked)",
                body: MailTestEnvelope.message())
            for answer in [json, raw] {
                let expires = try #require(try answer.json(DepositAnswer.self).outcomes.first?.expires)
                let life = expires - server.clock.now
                #expect(life > given - .seconds(5) && life <= given + .seconds(1))
            }
        }
    }

    @Test func aFullMailboxRefusesWhileTheOtherTakes() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let receivers = try await bob.registerListed(MailTestDevice(), MailTestDevice())
            let large = MailTestEnvelope.message(bytes: Limits.envelopeBytes)
            for _ in 0..<Limits.mailboxBytes / Limits.envelopeBytes {
                let answer = try await alice.caller.send(
                    "PUT", "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())", body: large)
                try #require(answer.status == 201)
            }
            let raw = try await alice.caller.send(
                "PUT", "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())", body: large)
            #expect(raw.code == .mailboxFull)
            #expect(raw.problem?.outcomes?.map(\.outcome) == [.refused])
            let content = MailTestEnvelope.message()
            let both = try await alice.caller.send(
                "PUT", "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())",
                json: try MailTestEnvelope.deposit([1: content, 2: content]))
            #expect(both.status == 201)
            let outcomes = try both.json(DepositAnswer.self).outcomes
            #expect(outcomes.map(\.outcome) == [.refused, .stored])
            #expect(outcomes[0].code == .mailboxFull)
            #expect(try await receivers[0].get("/v1/mailbox?limit=1").json(MailboxAnswer.self).refused == 2)
            #expect(try await receivers[1].get("/v1/mailbox").json(MailboxAnswer.self).envelopes?.count == 1)
        }
    }

    @Test func aPendingDeviceMayNotDeposit() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let (_, pending) = try await alice.register()
            let json = try await pending.send(
                "PUT", "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())",
                json: try MailTestEnvelope.deposit([1: MailTestEnvelope.message()]))
            #expect(json.code == .devicePending)
            let raw = try await pending.send(
                "PUT", "/v1/mailboxes/bob.1/envelopes/\(MailTestEnvelope.id())", body: MailTestEnvelope.message())
            #expect(raw.code == .devicePending)
        }
    }
}
