import SealpostCore
import Testing

@testable import SealpostClient

/// What the client does as time passes; its clock is moved, the service's is real.
@Suite(.timeLimit(.minutes(10)))
struct ClientTimeTests {
    private func claim(_ handle: String, by api: API) async throws -> JSON {
        let answer = try await api.call(
            "POST", "/v1/accounts/\(handle)/claims", json: ["request_id": .string(RandomID.make())])
        #expect(answer.status == 200)
        return answer.json["bundles"][0]
    }

    @Test func anExpiredTokenIsRefreshedUnseen() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let alice = try await Person.register("alice", at: service, in: folder, clock: clock)
        let before = try #require(await alice.messenger.api.session)
        clock.move(.minutes(16))
        _ = try await alice.messenger.api.account()
        let after = try #require(await alice.messenger.api.session)
        #expect(after.refreshToken != before.refreshToken)
        // It is on disk as well.
        let stored = try await alice.messenger.profile.transaction {
            try $0.value(SessionAnswer.self, Messenger.sessionKey, in: .state)
        }
        #expect(stored == after)
    }

    @Test func oneTimePrekeysAreToppedUpWhenTheyRunLow() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let bob = try await Person.register("bob", at: service, in: folder)
        let carol = try await API.register("carol", at: service.url)
        for _ in 0..<80 { _ = try await claim("bob", by: carol) }
        let number = try #require(DeviceNumber(1))
        #expect(try await bob.messenger.api.prekeys(number).counts.low)
        try await bob.receive()
        let counts = try await bob.messenger.api.prekeys(number).counts
        #expect(counts.oneTime == 100)
        #expect(counts.oneTimeKEM == 100)
        #expect(try await bob.messenger.takeWarnings().isEmpty)
    }

    @Test func longLivedPrekeysAreReplacedWeeklyAndTheOldOnesStillOpenMail() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let bob = try await Person.register("bob", at: service, in: folder, clock: clock)
        let alice = try await Person.register("alice", at: service, in: folder)
        let carol = try await API.register("carol", at: service.url)
        try await bob.receive()
        let before = try await claim("bob", by: carol)
        // Encrypted for the old keys, collected after they were replaced.
        try await alice.send("early", to: bob)
        clock.move(.days(8))
        try await bob.messenger.rotatePrekeys()
        let after = try await claim("bob", by: carol)
        for key in ["signed_prekey", "sealing_key"] { #expect(before[key]["id"] != after[key]["id"]) }
        #expect(try await bob.texts() == ["early"])
        #expect(try await bob.messenger.takeWarnings() == [.newContact(alice.handle)])
    }

    @Test func aDeviceThatOnlySendsReplacesItsKeysWeekly() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let alice = try await Person.register("alice", at: service, in: folder, clock: clock)
        let bob = try await Person.register("bob", at: service, in: folder)
        let carol = try await API.register("carol", at: service.url)
        let before = try await claim("alice", by: carol)
        clock.move(.days(8))
        try await alice.send("hello", to: bob)
        let after = try await claim("alice", by: carol)
        for key in ["signed_prekey", "sealing_key"] { #expect(before[key]["id"] != after[key]["id"]) }
        #expect(try await alice.messenger.takeWarnings() == [.newContact(bob.handle)])
    }

    @Test func aSessionIsRenewedAfterThirtyDays() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let alice = try await Person.register("alice", at: service, in: folder, clock: clock)
        let bob = try await Person.register("bob", at: service, in: folder, clock: clock)
        try await alice.send("one", to: bob)
        #expect(try await bob.texts() == ["one"])
        try await bob.send("two", to: alice)
        #expect(try await alice.texts() == ["two"])
        try await alice.send("three", to: bob)
        #expect(try await bob.messenger.api.mailbox(after: nil).envelopes?.map(\.kind) == ["message"])
        #expect(try await bob.texts() == ["three"])
        clock.move(.days(31))
        try await alice.send("four", to: bob)
        #expect(try await bob.messenger.api.mailbox(after: nil).envelopes?.map(\.kind) == ["prekey_message"])
        #expect(try await bob.texts() == ["four"])
        try await bob.send("five", to: alice)
        #expect(try await alice.texts() == ["five"])
    }

    @Test func prekeysThatTheServerHasFromElsewhereAreNoticed() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let bob = try await Person.register("bob", at: service, in: folder)
        let number = try #require(DeviceNumber(1))
        let foreign = OneTimeKey(id: 4_000_000_000, key: Base64([UInt8](repeating: 9, count: 32)))
        _ = try await bob.messenger.api.addPrekeys(
            number, OneTimePrekeysRequest(oneTimePrekeys: [foreign], oneTimeKEMPrekeys: []))
        try await bob.receive()
        #expect(try await bob.messenger.takeWarnings() == [.prekeysDisagreed])
    }

    @Test func anEntryIsGivenUpAfterSixDays() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let alice = try await Person.register("alice", at: service, in: folder, clock: clock)
        let bob = try await Person.register("bob", at: service, in: folder)
        await service.kill()
        let report = try await alice.send("never", to: bob)
        #expect(report.waiting == 1)
        #expect(report.nextAttempt != nil)
        clock.move(.days(6))
        #expect(try await alice.messenger.drainOutbox().failed == [1])
        guard case .sendingFailed(1, bob.handle, _) = try await alice.messenger.takeWarnings().first else {
            Issue.record("nobody was told")
            return
        }
        guard case .failed = try await alice.messenger.outbox().first?.state else {
            Issue.record("it is not shown as failed")
            return
        }
        try await service.start()
        try await alice.messenger.retrySending(1)
        #expect(try await alice.messenger.drainOutbox().deposited == [1])
        #expect(try await bob.texts() == ["never"])
    }
}
