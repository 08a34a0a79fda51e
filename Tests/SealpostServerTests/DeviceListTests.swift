import SealpostCore
import SealpostFormats
import SealpostServer
import SodiumKit
import Testing

@Suite("Device list")
struct DeviceListTests {
    @Test func aListMakesItsDevicesListedAndIsServedByteForByte() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            let (_, caller) = try await alice.register(device)
            let list = try alice.list([device.identity.publicKey])
            let answer = try await caller.send("PUT", "/v1/account/device-list", json: list)
            #expect(answer.status == 200)
            let hash = Base64(SHA256.hash(list.list.bytes))
            #expect(try answer.json(DeviceListAnswer.self) == DeviceListAnswer(listVersion: 1, listHash: hash))
            #expect(answer.header("ETag") == "\"\(hash)\"")
            #expect(try await caller.get("/v1/devices").json(DevicesAnswer.self).devices.first?.state == .listed)
            let directory = try await caller.get("/v1/accounts/alice").json(DirectoryAnswer.self)
            #expect(directory.list == list.list)
            #expect(directory.signature == list.signature)
            #expect(directory.accountKey?.bytes == alice.key.publicKey)
            // A repeat whose answer was lost.
            #expect(try await caller.send("PUT", "/v1/account/device-list", json: list).status == 200)
        }
    }

    @Test func aListMustFollowTheStoredOne() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let first = try alice.list([])
            #expect(try await alice.put(first).status == 200)
            let hash = SHA256.hash(first.list.bytes)
            for wrong in [
                try alice.list([], version: 3, previous: hash),
                try alice.list([], version: 2, previous: Random.bytes(32)),
            ] {
                let answer = try await alice.put(wrong)
                #expect(answer.code == .listConflict)
                #expect(answer.problem?.listVersion == 1)
                #expect(answer.problem?.listHash?.bytes == hash)
            }
            #expect(try await alice.put(try alice.list([], version: 2, previous: hash)).status == 200)
        }
    }

    @Test func ifMatchMustNameThePredecessor() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let first = try alice.list([])
            #expect(try await alice.put(first).status == 200)
            let hash = SHA256.hash(first.list.bytes)
            let second = try alice.list([], version: 2, previous: hash)
            let tag = "\"\(Base64(hash))\""
            for wrong in ["\"\(Base64(Random.bytes(32)))\"", "\"\(Base64(Random.bytes(31)))\"", "*", "W/\(tag)", "x"] {
                #expect(try await alice.put(second, headers: [("If-Match", wrong)]).code == .invalidHeader)
            }
            #expect(try await alice.put(second, headers: [("If-Match", tag)]).status == 200)
        }
    }

    @Test func listsThatAreForgedOrMalformedAreRefused() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            let device = MailTestDevice()
            _ = try await alice.register(device)
            var forged = try alice.list([device.identity.publicKey])
            forged.signature = Base64(Random.bytes(64))
            #expect(try await alice.put(forged).code == .invalidSignature)
            forged.signature = Base64(Random.bytes(63))
            #expect(try await alice.put(forged).code == .invalidSignature)
            #expect(try await alice.put(try alice.list([], handle: bob.handle)).code == .invalidList)
            #expect(try await alice.put(try bob.list([], handle: alice.handle)).code == .invalidList)
            let trailing = try alice.list([]).list.bytes + [0]
            let signed = DeviceListRequest(list: Base64(trailing), signature: Base64(alice.key.sign(trailing)))
            #expect(try await alice.put(signed).code == .invalidList)
            #expect(
                try await alice.put(DeviceListRequest(list: Base64([]), signature: signed.signature)).code
                    == .invalidList)
            // A registered number with another key, and a number that is not registered.
            #expect(try await alice.put(try alice.list([MailTestDevice().identity.publicKey])).code == .invalidList)
            let unknown = try alice.list(
                entries: [(2, device.identity.publicKey)], version: 1, previous: DeviceList.noPredecessor)
            #expect(try await alice.put(unknown).code == .invalidList)
        }
    }

    @Test func anAccountWithoutAKeyTakesNoList() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server, withKey: false)
            #expect(try await alice.put(try alice.list([])).code == .noAccountKey)
        }
    }

    @Test func aDeviceThatANewListLeavesOutMayNoLongerDeposit() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let bob = try await MailTestAccount("bob", on: server)
            _ = try await bob.registerListed(MailTestDevice())
            let device = MailTestDevice()
            let callers = try await alice.registerListed(device)
            let deposit = try MailTestEnvelope.deposit([1: MailTestEnvelope.message()])
            func put() async throws -> MailTestAnswer {
                try await callers[0].send("PUT", "/v1/accounts/bob/deposits/\(MailTestEnvelope.id())", json: deposit)
            }
            #expect(try await put().status == 201)
            let first = try alice.list([device.identity.publicKey])
            let next = try alice.list([], version: 2, previous: SHA256.hash(first.list.bytes))
            #expect(try await alice.put(next).status == 200)
            #expect(try await put().code == .devicePending)
        }
    }
}
