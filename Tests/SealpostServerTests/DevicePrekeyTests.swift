import SealpostCore
import SealpostFormats
import SealpostServer
import SodiumKit
import Testing

@Suite("Device prekeys")
struct DevicePrekeyTests {
    @Test func countsAndDigestTellWhatTheServerHolds() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, caller) = try await alice.register(device)
            let long = device.prekeys(firstID: 5)
            let replaced = try await caller.send("PUT", "/v1/devices/1/signed-prekeys", json: long)
            #expect(try replaced.json(PrekeyCounts.self) == PrekeyCounts(oneTime: 0, oneTimeKEM: 0))
            let oneTime = (1...3).map { device.oneTimePrekey(id: UInt32($0)) }
            let kem = (10...11).map { device.kemPrekey(id: UInt32($0)) }
            let upload = OneTimePrekeysRequest(oneTimePrekeys: oneTime, oneTimeKEMPrekeys: kem)
            // Twice: the same keys again are fine.
            for _ in 1...2 {
                let answer = try await caller.send("POST", "/v1/devices/1/one-time-prekeys", json: upload)
                #expect(try answer.json(PrekeyCounts.self) == PrekeyCounts(oneTime: 3, oneTimeKEM: 2))
            }
            let state = try await caller.get("/v1/devices/1/prekeys").json(PrekeyStateAnswer.self)
            #expect(state.counts == PrekeyCounts(oneTime: 3, oneTimeKEM: 2))
            #expect(state.counts.low)
            #expect(state.digest.bytes == Self.digest(long, oneTime, kem))
        }
    }

    private static func digest(_ long: LongLivedPrekeys, _ oneTime: [OneTimeKey], _ kem: [SignedKey]) -> [UInt8] {
        var digest = PrekeyDigest()
        let (signed, last, sealing) = (long.signedPrekey, long.lastResortKEMPrekey, long.sealingKey)
        digest.add(.signed, id: signed.id, key: signed.key.bytes, signature: signed.signature.bytes)
        digest.add(.lastResort, id: last.id, key: last.key.bytes, signature: last.signature.bytes)
        digest.add(.sealing, id: sealing.id, key: sealing.key.bytes, signature: sealing.signature.bytes)
        for key in oneTime { digest.add(.oneTime, id: key.id, key: key.key.bytes) }
        for key in kem { digest.add(.oneTimeKEM, id: key.id, key: key.key.bytes, signature: key.signature.bytes) }
        return digest.value(SodiumFormatCrypto.self)
    }

    @Test func anIDWithAnotherKeyIsAConflict() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, caller) = try await alice.register(device)
            func upload(_ request: OneTimePrekeysRequest) async throws -> ErrorCode? {
                try await caller.send("POST", "/v1/devices/1/one-time-prekeys", json: request).code
            }
            let key = device.oneTimePrekey(id: 7)
            #expect(try await upload(OneTimePrekeysRequest(oneTimePrekeys: [key], oneTimeKEMPrekeys: [])) == nil)
            let other = OneTimePrekeysRequest(oneTimePrekeys: [device.oneTimePrekey(id: 7)], oneTimeKEMPrekeys: [])
            #expect(try await upload(other) == .prekeyConflict)
            // The last-resort key's id is one of the same space as those of one-time KEM prekeys.
            let lastResort = OneTimePrekeysRequest(oneTimePrekeys: [], oneTimeKEMPrekeys: [device.kemPrekey(id: 1)])
            #expect(try await upload(lastResort) == .prekeyConflict)
            let long = try await caller.send("PUT", "/v1/devices/1/signed-prekeys", json: device.prekeys())
            #expect(long.code == .prekeyConflict)
        }
    }

    @Test func uploadsAreLimited() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, caller) = try await alice.register(device)
            func upload(_ ids: Range<UInt32>) async throws -> MailTestAnswer {
                let keys = ids.map { device.oneTimePrekey(id: $0) }
                return try await caller.send(
                    "POST", "/v1/devices/1/one-time-prekeys",
                    json: OneTimePrekeysRequest(oneTimePrekeys: keys, oneTimeKEMPrekeys: []))
            }
            let tooLong = try await upload(1..<102)
            #expect(tooLong.code == .invalidMember)
            #expect(tooLong.problem?.member == "one_time_prekeys")
            for start in stride(from: UInt32(1), to: 501, by: 100) {
                #expect(try await upload(start..<start + 100).status == 200)
            }
            #expect(try await upload(501..<502).code == .tooMany)
        }
    }

    @Test func oneTimeKeysThatAreNotWhatTheyClaimAreRefusedByIndex() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, caller) = try await alice.register(device)
            func expect(_ code: ErrorCode, _ member: String, _ request: OneTimePrekeysRequest) async throws {
                let answer = try await caller.send("POST", "/v1/devices/1/one-time-prekeys", json: request)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(
                .invalidKey, "one_time_prekeys[1].key",
                OneTimePrekeysRequest(
                    oneTimePrekeys: [device.oneTimePrekey(id: 1), OneTimeKey(id: 2, key: Base64(Random.bytes(33)))],
                    oneTimeKEMPrekeys: []))
            try await expect(
                .invalidMember, "one_time_prekeys[0].id",
                OneTimePrekeysRequest(oneTimePrekeys: [device.oneTimePrekey(id: 0)], oneTimeKEMPrekeys: []))
            try await expect(
                .invalidSignature, "one_time_kem_prekeys[0].signature",
                OneTimePrekeysRequest(oneTimePrekeys: [], oneTimeKEMPrekeys: [MailTestDevice().kemPrekey(id: 1)]))
            let text = "{\"one_time_prekeys\":[{\"id\":1,\"key\":\"AAA\"}]}"
            let answer = try await caller.send("POST", "/v1/devices/1/one-time-prekeys", text: text)
            #expect(answer.code == .invalidMember)
            #expect(answer.problem?.member == "one_time_prekeys[0].key")
        }
    }
}
