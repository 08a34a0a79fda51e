import SealpostCore
import SealpostFormats
import SealpostStore
import SealpostTesting
import SodiumKit
import Testing

@testable import SealpostServer

@Suite struct SignInTests {
    @Test func handleOrAddressAndPasswordGiveASession() async throws {
        try await TestServer.run { server in
            _ = try await server.register("alice", email: "alice@example.org")
            for name in [#""handle":"alice""#, #""email":"ALICE@example.org""#] {
                let answer = try await server.send(
                    "POST", "/v1/sessions", json: #"{\#(name),"password":"correct horse"}"#)
                #expect(answer.status == 201)
                #expect(try answer.read(SessionAnswer.self).handle.description == "alice")
            }
        }
    }

    @Test func unknownUserAndWrongPasswordAnswerAlike() async throws {
        try await TestServer.run { server in
            _ = try await server.register("alice")
            let answers = [
                #"{"handle":"alice","password":"wrong horse"}"#, #"{"handle":"nobody","password":"correct horse"}"#,
                #"{"email":"nobody@example.org","password":"correct horse"}"#, #"{"handle":"alice","password":""}"#,
            ]
            var seen: Set<Problem?> = []
            for json in answers {
                seen.insert(try await server.send("POST", "/v1/sessions", json: json).problem)
            }
            #expect(seen.map { $0?.code } == [.wrongCredentials])
        }
    }

    @Test(arguments: [
        (#"{"password":"correct horse"}"#, ErrorCode.missingMember, "handle"),
        (#"{"handle":"alice"}"#, .missingMember, "password"),
        (#"{"handle":"alice","email":"a@b.c","password":"correct horse"}"#, .invalidMember, "email"),
        (#"{"handle":"alice","password":"correct horse","key_signature":"AAAA"}"#, .invalidMember, "key_signature"),
        (#"{"email":"a@b.c","key_signature":"AAAA"}"#, .missingMember, "handle"),
        (#"{"handle":"alice","key_signature":"AAAA"}"#, .missingMember, "challenge"),
        (#"{"handle":"alice","password":"correct horse","proof":"AAAA"}"#, .missingMember, "device"),
        (#"{"handle":"alice","password":"correct horse","device":1}"#, .missingMember, "proof"),
        (#"{"handle":"alice","password":"correct horse","device":1,"proof":"AAAA"}"#, .missingMember, "challenge"),
        (#"{"handle":"alice","password":"correct horse","challenge":"AAAA"}"#, .invalidMember, "challenge"),
        (#"{"handle":"alice","password":"correct horse","device":0}"#, .invalidMember, "device"),
        (#"{"handle":"alice","password":"correct horse","device":-1}"#, .invalidMember, "device"),
        (#"{"handle":"alice","password":"correct horse","device":"1"}"#, .invalidMember, "device"),
        (#"{"handle":"alice","password":"correct horse","otp":"1"}"#, .unknownMember, "otp"),
    ])
    func aBadShapeIsRefusedByName(json: String, code: ErrorCode, member: String) async throws {
        try await TestServer.run { server in
            let problem = try await server.send("POST", "/v1/sessions", json: json).problem
            #expect(problem?.code == code)
            #expect(problem?.member == member)
        }
    }

    @Test func failedSignInsAreLimitedForKnownAndUnknownAccountsAlike() async throws {
        try await TestServer.run {
            $0.rates.failedSignIns = Rate(burst: 2, perHour: 60)
        } _: { server in
            _ = try await server.register("alice")
            for handle in ["alice", "nobody"] {
                let wrong = #"{"handle":"\#(handle)","password":"wrong horse"}"#
                for _ in 0..<2 {
                    #expect(try await server.send("POST", "/v1/sessions", json: wrong).status == 401)
                }
                let limited = try await server.send("POST", "/v1/sessions", json: wrong)
                #expect(limited.problem?.code == .rateLimited)
                #expect(limited.headers["Retry-After"] == "60")
            }
            // The right password does not get through either, until time has passed.
            let right = #"{"handle":"alice","password":"correct horse"}"#
            #expect(try await server.send("POST", "/v1/sessions", json: right).status == 429)
            server.clock.advance(by: .seconds(60))
            #expect(try await server.send("POST", "/v1/sessions", json: right).status == 201)
        }
    }

    @Test func signInsThatSucceedAreNotCounted() async throws {
        try await TestServer.run {
            $0.rates.failedSignIns = Rate(burst: 1, perHour: 1)
        } _: { server in
            _ = try await server.register("alice")
            for _ in 0..<5 {
                let answer = try await server.send(
                    "POST", "/v1/sessions", json: #"{"handle":"alice","password":"correct horse"}"#)
                #expect(answer.status == 201)
            }
        }
    }

    // MARK: As a device

    private func device(
        of session: SessionAnswer, on server: TestServer, _ key: borrowing Ed25519.SigningKey
    ) async throws -> UInt32 {
        let registration = try await server.app.parts.store.registerDevice(
            Sample.newDevice(
                account: try await server.account("alice"), session: try #require(RecordID(session.id)),
                identityKey: key.publicKey))
        guard case .registered(let number, _) = registration else { throw TestServer.NotStarted() }
        return number.value
    }

    private func request(
        device: UInt32, challenge: [UInt8], signed: [UInt8]? = nil, _ key: borrowing Ed25519.SigningKey
    ) throws -> SignInRequest {
        let message = SignedBytes.loginProof(challenge: signed ?? challenge, handle: "alice", number: device)
        return SignInRequest(
            handle: Handle("alice"), password: TestServer.password, device: DeviceNumber(device),
            challenge: Base64(challenge), proof: Base64(key.sign(message)))
    }

    @Test func aProofByTheDevicesKeyMakesTheSessionThatDeviceOnce() async throws {
        try await TestServer.run { server in
            let key = Ed25519.SigningKey()
            let number = try await device(of: server.register("alice").session, on: server, key)
            let signIn = try request(device: number, challenge: try await server.challenge(), key)
            let answer = try await server.send("POST", "/v1/sessions", signIn)
            #expect(answer.status == 201)
            #expect(try answer.read(SessionAnswer.self).device?.value == number)
            let replay = try await server.send("POST", "/v1/sessions", signIn)
            #expect(replay.problem?.code == .invalidChallenge)
        }
    }

    @Test func aProofThatDoesNotHoldIsRefusedAndSpendsNothing() async throws {
        try await TestServer.run { server in
            let key = Ed25519.SigningKey()
            let number = try await device(of: server.register("alice").session, on: server, key)
            let challenge = try await server.challenge()
            let other = try await server.challenge()
            let bad = [
                try request(device: number, challenge: challenge, Ed25519.SigningKey()),
                try request(device: number + 1, challenge: challenge, key),
                try request(device: number, challenge: challenge, signed: other, key),
            ]
            for request in bad {
                #expect(try await server.send("POST", "/v1/sessions", request).problem?.code == .invalidProof)
            }
            let good = try request(device: number, challenge: challenge, key)
            #expect(try await server.send("POST", "/v1/sessions", good).status == 201)
        }
    }

    @Test func aChallengeThatIsOldOrMadeUpIsRefused() async throws {
        try await TestServer.run { server in
            let key = Ed25519.SigningKey()
            let number = try await device(of: server.register("alice").session, on: server, key)
            let challenge = try await server.challenge()
            var changed = challenge
            changed[9] ^= 1
            for wrong in [changed, Array(challenge.dropLast()), []] {
                let problem = try await server.send(
                    "POST", "/v1/sessions", request(device: number, challenge: wrong, key)
                ).problem
                #expect(problem?.code == .invalidChallenge)
            }
            server.clock.advance(by: Limits.challengeLife)
            let late = try await server.send(
                "POST", "/v1/sessions", request(device: number, challenge: challenge, key))
            #expect(late.problem?.code == .invalidChallenge)
        }
    }

    // MARK: By the account key

    @Test func aSignatureByTheAccountKeyStandsForTheForgottenPasswordOnce() async throws {
        try await TestServer.run { server in
            let key = Ed25519.SigningKey()
            _ = try await server.register("alice", accountKey: key.publicKey)
            _ = try await server.register("bob")
            let challenge = try await server.challenge()
            func signIn(_ handle: String, _ signature: [UInt8]) async throws -> Answer {
                try await server.send(
                    "POST", "/v1/sessions",
                    SignInRequest(
                        handle: Handle(handle), challenge: Base64(challenge), keySignature: Base64(signature)))
            }
            let signature = key.sign(SignedBytes.accountSignIn(challenge: challenge, handle: "alice"))
            let forBob = key.sign(SignedBytes.accountSignIn(challenge: challenge, handle: "bob"))
            #expect(try await signIn("bob", signature).problem?.code == .wrongCredentials)
            #expect(try await signIn("bob", forBob).problem?.code == .wrongCredentials)
            #expect(try await signIn("nobody", signature).problem?.code == .wrongCredentials)
            #expect(try await signIn("alice", forBob).problem?.code == .wrongCredentials)
            #expect(try await signIn("alice", []).problem?.code == .wrongCredentials)
            #expect(try await signIn("alice", signature).status == 201)
            #expect(try await signIn("alice", signature).problem?.code == .invalidChallenge)
        }
    }
}
