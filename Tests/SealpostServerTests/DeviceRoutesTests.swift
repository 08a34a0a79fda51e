import SealpostCore
import SealpostServer
import SodiumKit
import Testing

@Suite("Device routes")
struct DeviceRoutesTests {
    @Test func aRemovedDeviceLosesItsSession() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let callers = try await alice.registerListed(MailTestDevice(), MailTestDevice())
            #expect(try await callers[0].delete("/v1/devices/2").status == 204)
            #expect(try await callers[1].get("/v1/mailbox").code == .invalidToken)
            #expect(try await callers[0].get("/v1/devices").json(DevicesAnswer.self).devices.count == 1)
            #expect(try await callers[0].delete("/v1/devices/2").code == .notFound)
            #expect(try await callers[0].delete("/v1/devices/9").code == .notFound)
        }
    }

    @Test func aTokenFromBeforeItsSessionBecameTheRemovedDeviceEndsWithIt() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let before = try await alice.signIn()
            let request = MailTestDevice().registration(of: alice.handle, challenge: try await alice.challenge())
            #expect(try await before.send("POST", "/v1/devices", json: request).status == 201)
            #expect(try await before.get("/v1/account").status == 200)
            #expect(try await alice.caller.delete("/v1/devices/1").status == 204)
            #expect(try await before.get("/v1/account").code == .invalidToken)
            #expect(try await alice.caller.get("/v1/account").status == 200)
        }
    }

    @Test func aPendingDeviceMayOnlyRemoveItself() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            _ = try await alice.registerListed(MailTestDevice())
            let (pending, caller) = try await alice.register()
            #expect(try await caller.delete("/v1/devices/1").code == .devicePending)
            #expect(try await caller.delete("/v1/devices/\(pending)").status == 204)
        }
    }

    @Test func deviceNumbersInPathsAreChecked() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            for wrong in ["0", "-1", "01", "x", "4294967296", "1.0", "%31%FF"] {
                #expect(try await alice.caller.delete("/v1/devices/\(wrong)").code == .invalidParameter, "\(wrong)")
            }
        }
    }

    @Test func openingsCountUpAndRefuseAnOldState() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let (_, caller) = try await alice.register()
            func open(_ last: UInt64, _ nonce: [UInt8]) async throws -> MailTestAnswer {
                try await caller.send(
                    "POST", "/v1/devices/1/openings", json: OpeningRequest(last: last, nonce: Base64(nonce)))
            }
            let nonce = Random.bytes(16)
            let first = try await open(0, nonce).json(OpeningAnswer.self)
            // The same nonce again: the answer was lost.
            #expect(try await open(0, nonce).json(OpeningAnswer.self) == first)
            let second = try await open(first.opening, Random.bytes(16)).json(OpeningAnswer.self)
            #expect(second.opening > first.opening)
            #expect(try await open(first.opening, Random.bytes(16)).code == .stateRollback)
            #expect(try await open(0, Random.bytes(16)).code == .stateRollback)
            #expect(try await open(UInt64.max, Random.bytes(16)).code == .stateRollback)
            #expect(try await open(second.opening, Random.bytes(15)).code == .invalidMember)
        }
    }

    @Test func onlyTheDeviceItselfMayTouchItsKeysAndOpenings() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            _ = try await alice.register(device)
            let (_, second) = try await alice.register()
            let upload = OneTimePrekeysRequest(oneTimePrekeys: [device.oneTimePrekey(id: 1)], oneTimeKEMPrekeys: [])
            func codes(_ caller: MailTestCaller, _ number: Int) async throws -> [ErrorCode?] {
                [
                    try await caller.send(
                        "POST", "/v1/devices/\(number)/openings",
                        json: OpeningRequest(last: 0, nonce: Base64(Random.bytes(16)))
                    ).code,
                    try await caller.send(
                        "PUT", "/v1/devices/\(number)/signed-prekeys", json: device.prekeys(firstID: 2)
                    ).code,
                    try await caller.send("POST", "/v1/devices/\(number)/one-time-prekeys", json: upload).code,
                    try await caller.get("/v1/devices/\(number)/prekeys").code,
                ]
            }
            #expect(try await codes(second, 1).allSatisfy { $0 == .forbidden })
            #expect(try await codes(second, 3).allSatisfy { $0 == .notFound })
            #expect(try await codes(alice.caller, 1).allSatisfy { $0 == .noDevice })
            #expect(try await codes(alice.caller, 3).allSatisfy { $0 == .notFound })
        }
    }
}
