import SealpostCore
import SealpostTesting
import Testing

@testable import SealpostServer

@Suite struct RegistrationTests {
    @Test func aNewHandleGetsAnAccountAndASession() async throws {
        try await TestServer.run { server in
            let answer = try await server.send(
                "POST", "/v1/accounts",
                json: #"{"handle":"alice","password":"correct horse","email":"Alice@Example.org"}"#)
            #expect(answer.status == 201)
            let registered = try answer.read(RegisterAnswer.self)
            #expect(registered.account.handle.description == "alice")
            #expect(registered.account.email == "alice@example.org")
            #expect(registered.session.device == nil)
            #expect(registered.session.expires == server.clock.now + Limits.accessLife)
            let account = try await server.send("GET", "/v1/account", token: registered.session.accessToken)
            #expect(try account.read(AccountAnswer.self) == registered.account)
        }
    }

    @Test(arguments: [
        (#"{"handle":"alice"}"#, ErrorCode.missingMember, "password"),
        (#"{"password":"correct horse"}"#, .missingMember, "handle"),
        (#"{"handle":"alice","password":"correct horse","admin":true}"#, .unknownMember, "admin"),
        (#"{"handle":"alice","password":5}"#, .invalidMember, "password"),
        (#"{"handle":"alice","password":null}"#, .invalidMember, "password"),
        (#"{"handle":["alice"],"password":"correct horse"}"#, .invalidMember, "handle"),
        (#"{"handle":"Alice!","password":"correct horse"}"#, .invalidMember, "handle"),
        (#"{"handle":"a","password":"correct horse"}"#, .invalidMember, "handle"),
        (#"{"handle":"alice","password":"short"}"#, .invalidMember, "password"),
        (#"{"handle":"alice","password":"correct horse","email":"nobody"}"#, .invalidMember, "email"),
        (#"{"handle":"alice","password":"correct horse","email":"a@b\n.org"}"#, .invalidMember, "email"),
        (#"{"handle":"alice","password":"correct horse","account_key":"!"}"#, .invalidMember, "account_key"),
        (#"{"handle":"alice","password":"correct horse","account_key":"AAAA"}"#, .invalidKey, "account_key"),
        (#"{"handle":"sealpost","password":"correct horse"}"#, .handleReserved, "handle"),
        (#"[1]"#, .invalidMember, "the body"),
    ])
    func aBadMemberIsRefusedByName(json: String, code: ErrorCode, member: String) async throws {
        try await TestServer.run { server in
            let problem = try await server.send("POST", "/v1/accounts", json: json).problem
            #expect(problem?.code == code)
            #expect(problem?.member == member)
        }
    }

    @Test func aPasswordOfTooManyCharactersIsRefused() async throws {
        try await TestServer.run { server in
            let password = String(repeating: "x", count: 257)
            let answer = try await server.send(
                "POST", "/v1/accounts", json: #"{"handle":"alice","password":"\#(password)"}"#)
            #expect(answer.problem?.member == "password")
        }
    }

    @Test func aTakenHandleOrAddressIsRefused() async throws {
        try await TestServer.run { server in
            _ = try await server.register("alice", email: "alice@example.org")
            let handle = try await server.send(
                "POST", "/v1/accounts", json: #"{"handle":"alice","password":"correct horse"}"#)
            #expect(handle.problem?.code == .handleTaken)
            let email = try await server.send(
                "POST", "/v1/accounts",
                json: #"{"handle":"bob","password":"correct horse","email":"ALICE@example.org"}"#)
            #expect(email.problem?.code == .emailTaken)
        }
    }

    @Test func aClosedServerRegistersNobody() async throws {
        try await TestServer.run {
            $0.registration = .closed
        } _: { server in
            let answer = try await server.send(
                "POST", "/v1/accounts", json: #"{"handle":"alice","password":"correct horse","invite":"let-me-in"}"#)
            #expect(answer.problem?.code == .registrationClosed)
        }
    }

    @Test func byInviteOnlyARightInviteRegisters() async throws {
        try await TestServer.run {
            $0.registration = .invite
            $0.invites = ["let-me-in", "me-too-please"]
        } _: { server in
            for invite in ["", #","invite":"""#, #","invite":"let-me-im""#] {
                let answer = try await server.send(
                    "POST", "/v1/accounts", json: #"{"handle":"alice","password":"correct horse"\#(invite)}"#)
                #expect(answer.problem?.code == .invalidInvite)
            }
            let answer = try await server.send(
                "POST", "/v1/accounts",
                json: #"{"handle":"alice","password":"correct horse","invite":"me-too-please"}"#)
            #expect(answer.status == 201)
        }
    }

    @Test func registrationsFromOneNetworkAreLimitedUntilTimePasses() async throws {
        try await TestServer.run {
            $0.rates.registrations = Rate(burst: 2, perHour: 60)
        } _: { server in
            _ = try await server.register("alice")
            _ = try await server.register("bob")
            let json = #"{"handle":"carol","password":"correct horse"}"#
            let refused = try await server.send("POST", "/v1/accounts", json: json)
            #expect(refused.problem?.code == .rateLimited)
            #expect(refused.headers["Retry-After"] == "60")
            server.clock.advance(by: .seconds(60))
            #expect(try await server.send("POST", "/v1/accounts", json: json).status == 201)
        }
    }
}
