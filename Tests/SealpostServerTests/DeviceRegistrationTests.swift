import Foundation
import SealpostCore
import SealpostFormats
import SealpostServer
import SodiumKit
import Testing

@Suite("Device registration")
struct DeviceRegistrationTests {
    @Test func aRegisteredDeviceIsPendingAndTheSessionBecomesIt() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (number, caller) = try await alice.register(device)
            #expect(number.value == 1)
            let devices = try await caller.get("/v1/devices").json(DevicesAnswer.self).devices
            #expect(devices.count == 1)
            #expect(devices.first?.state == .pending)
            #expect(devices.first?.identityKey.bytes == device.identity.publicKey)
            #expect(devices.first?.lastSeen == nil)
            let sessions = try await caller.get("/v1/sessions").json(SessionsAnswer.self).sessions
            #expect(sessions.first { $0.current }?.device == number)
        }
    }

    @Test func theSameKeyAgainGivesTheSameNumber() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (first, caller) = try await alice.register(device)
            let again = try await caller.send(
                "POST", "/v1/devices",
                json: device.registration(of: alice.handle, challenge: try await alice.challenge()))
            #expect(again.status == 201)
            #expect(try again.json(DeviceRegistrationAnswer.self).device == first)
            #expect(try await alice.register(device).device == first)
        }
    }

    @Test func aSessionThatIsADeviceRegistersNoOther() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let (_, caller) = try await alice.register()
            let request = MailTestDevice().registration(of: alice.handle, challenge: try await alice.challenge())
            #expect(try await caller.send("POST", "/v1/devices", json: request).code == .sessionBound)
        }
    }

    @Test func anotherAccountsKeyIsTaken() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let device = MailTestDevice()
            _ = try await alice.register(device)
            let request = device.registration(of: bob.handle, challenge: try await bob.challenge())
            #expect(try await bob.caller.send("POST", "/v1/devices", json: request).code == .keyTaken)
        }
    }

    @Test func theEleventhDeviceIsTooMany() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            for _ in 1...Limits.devices {
                _ = try await alice.register()
            }
            let request = MailTestDevice().registration(of: alice.handle, challenge: try await alice.challenge())
            #expect(try await alice.caller.send("POST", "/v1/devices", json: request).code == .tooMany)
        }
    }

    @Test func aProofIsGoodOnceAndOnlyForItsChallengeHandleAndTime() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let device = MailTestDevice()
            func post(_ request: DeviceRequest) async throws -> ErrorCode? {
                try await alice.caller.send("POST", "/v1/devices", json: request).code
            }
            let foreign = device.registration(of: bob.handle, challenge: try await alice.challenge())
            #expect(try await post(foreign) == .invalidProof)
            let madeUp = device.registration(of: alice.handle, challenge: Base64(Random.bytes(32)))
            #expect(try await post(madeUp) == .invalidChallenge)
            let short = device.registration(of: alice.handle, challenge: Base64(Random.bytes(31)))
            #expect(try await post(short) == .invalidChallenge)
            var swapped = device.registration(of: alice.handle, challenge: try await alice.challenge())
            swapped.challenge = try await alice.challenge()
            #expect(try await post(swapped) == .invalidProof)
            let good = device.registration(of: alice.handle, challenge: try await alice.challenge())
            #expect(try await post(good) == nil)
            #expect(try await post(good) == .invalidChallenge)
            let late = device.registration(of: alice.handle, challenge: try await alice.challenge())
            server.clock.advance(by: Limits.challengeLife + .seconds(1))
            #expect(try await post(late) == .invalidChallenge)
        }
    }

    @Test func keysThatAreNotWhatTheyClaimAreRefusedByName() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let other = MailTestDevice()
            let good = device.registration(of: alice.handle, challenge: try await alice.challenge())
            func expect(
                _ code: ErrorCode, _ member: String, _ change: (inout DeviceRequest) -> Void
            ) async throws {
                var request = good
                change(&request)
                let answer = try await alice.caller.send("POST", "/v1/devices", json: request)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(.invalidKey, "identity_key") { $0.identityKey = Base64([UInt8](repeating: 0, count: 32)) }
            try await expect(.invalidKey, "identity_key") { $0.identityKey = Base64(Random.bytes(31)) }
            // The point of order one, and a valid point with its top bits set beyond the field.
            try await expect(.invalidKey, "identity_key") {
                $0.identityKey = Base64([1] + [UInt8](repeating: 0, count: 31))
            }
            try await expect(.invalidKey, "identity_key") {
                $0.identityKey = Base64([0xee] + [UInt8](repeating: 0xff, count: 31))
            }
            try await expect(.invalidSignature, "signed_prekey.signature") {
                $0.signedPrekey = Strict(other.signedPrekey(id: 1))
            }
            try await expect(.invalidKey, "signed_prekey.key") {
                $0.signedPrekey = Strict(device.kemPrekey(id: 1))
            }
            try await expect(.invalidMember, "signed_prekey.id") {
                $0.signedPrekey = Strict(device.signedPrekey(id: 0))
            }
            try await expect(.invalidSignature, "last_resort_kem_prekey.signature") {
                $0.lastResortKEMPrekey = Strict(other.kemPrekey(id: 1))
            }
            try await expect(.invalidKey, "last_resort_kem_prekey.key") {
                $0.lastResortKEMPrekey = Strict(device.signedPrekey(id: 1))
            }
            try await expect(.invalidSignature, "sealing_key.signature") {
                $0.sealingKey = Strict(other.sealingKey(id: 1))
            }
            try await expect(.invalidSignature, "sealing_key.signature") { $0.sealingKey.body.created += 1 }
            try await expect(.invalidMember, "sealing_key.created") {
                $0.sealingKey = Strict(device.sealingKey(id: 1, created: UInt64(Int64.max) + 1))
            }
            try await expect(.invalidMember, "name") { $0.name = "" }
            try await expect(.invalidMember, "name") { $0.name = String(repeating: "x", count: 65) }
        }
    }

    @Test func membersThatAreUnknownMissingOrWrongAreNamed() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let good = device.registration(of: alice.handle, challenge: try await alice.challenge())
            let text = try #require(String(data: JSONEncoder().encode(good), encoding: .utf8))
            func expect(_ code: ErrorCode, _ member: String?, _ body: String) async throws {
                try #require(body != text)
                let answer = try await alice.caller.send("POST", "/v1/devices", text: body)
                #expect(answer.code == code, "\(answer.text)")
                #expect(answer.problem?.member == member)
            }
            try await expect(.unknownMember, "nickname", text.replacing("\"name\":", with: "\"nickname\":"))
            try await expect(.missingMember, "name", text.replacing(#/"name":"laptop",?/#, with: ""))
            try await expect(.invalidMember, "name", text.replacing("\"laptop\"", with: "7"))
            let prekey = #/"signed_prekey":\{/#
            try await expect(
                .unknownMember, "signed_prekey.extra", text.replacing(prekey, with: "\"signed_prekey\":{\"extra\":1,"))
            let whole = #/"signed_prekey":\{[^}]*\}/#
            try await expect(.invalidMember, "signed_prekey", text.replacing(whole, with: "\"signed_prekey\":7"))
            try await expect(.invalidMember, "signed_prekey", text.replacing(whole, with: "\"signed_prekey\":null"))
        }
    }

    @Test func anAPITokenRegistersNoDevice() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let token = try await MailTestToken.make(alice.caller, [.account, .deposit])
            let request = MailTestDevice().registration(of: alice.handle, challenge: try await alice.challenge())
            #expect(try await token.send("POST", "/v1/devices", json: request).code == .insufficientScope)
        }
    }
}

enum MailTestToken {
    /// An API token with these scopes, of the caller's session.
    static func make(_ caller: MailTestCaller, _ scopes: [Scope]) async throws -> MailTestCaller {
        let request = TokenRequest(name: "script", scopes: scopes, expires: caller.server.clock.now + .days(1))
        let answer = try await caller.send("POST", "/v1/tokens", json: request)
        return MailTestCaller(server: caller.server, token: try answer.json(TokenAnswer.self).token)
    }
}
