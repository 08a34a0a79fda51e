import SealpostCore
import Testing

@testable import SealpostClient

/// Mail from a device whose account's list the server holds back waits here, and is not lost.
@Suite(.timeLimit(.minutes(10)))
struct ClientHeldMailTests {
    @Test func aListThatCannotBeFetchedIsAskedForAgainAndNobodyIsAccused() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        try await alice.send("hello", to: bob)
        #expect(try await bob.texts() == ["hello"])
        _ = try await bob.device(2, at: service, in: folder)
        try await bob.send("I have a new phone", to: alice)
        _ = try await alice.messenger.takeWarnings()
        try alice.messenger.close()

        let failing: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/bob" else { return .pass }
            var told = exchange
            told.status = 503
            told.json = [
                "type": "https://sealpost.dev/errors/unavailable", "title": "Not available", "status": 503,
                "detail": "later", "code": "unavailable",
            ]
            return .rewrite(told)
        }
        try await Proxy.telling(failing, before: service) { url in
            let unlucky = try await alice.reopened(through: url, in: folder)
            #expect(try await unlucky.texts() == ["I have a new phone"])
            #expect(try await unlucky.messenger.takeWarnings().isEmpty)
            #expect(try await unlucky.messenger.contact(bob.handle).listVersion == 1)
            try unlucky.messenger.close()
        }
        // The next receiving finds no mail, but the list.
        let again = try await alice.reopened(through: service.url, in: folder)
        #expect(try await again.texts().isEmpty)
        #expect(try await again.messenger.contact(bob.handle).listVersion == 2)
        #expect(try await again.messenger.takeWarnings().isEmpty)
    }

    @Test func mailOfANewDeviceWaitsUntilTheServerTellsItsList() async throws {
        let (service, folder, clock) = (try await Service.start(), try Folder(), MovedClock())
        let alice = try await Person.register("alice", at: service, in: folder, clock: clock)
        let bob = try await Person.register("bob", at: service, in: folder)
        try await alice.send("hello", to: bob)
        #expect(try await bob.texts() == ["hello"])
        let old = try await alice.messenger.api.directory(bob.handle)
        let second = try await bob.device(2, at: service, in: folder)
        try await second.send("from the new device", to: alice)
        try alice.messenger.close()

        let lie: Proxy.Lie = { exchange in
            guard exchange.path == "/v1/accounts/bob" else { return .pass }
            var told = exchange
            told.json["list"] = .string(old.list?.description ?? "")
            told.json["signature"] = .string(old.signature?.description ?? "")
            return .rewrite(told)
        }
        try await Proxy.telling(lie, before: service) { url in
            let deceived = try await alice.reopened(through: url, in: folder, clock: clock)
            let report = try await deceived.messenger.receive { _ in Issue.record("it was handed over") }
            #expect(report.held == 1)
            // It is kept here, so the server need not keep it.
            #expect(try await deceived.messenger.api.mailbox(after: nil).pending?.count == 0)
            try deceived.messenger.close()
        }

        let again = try await alice.reopened(through: service.url, in: folder, clock: clock)
        #expect(try await again.texts().isEmpty)
        clock.move(.hours(1))
        #expect(try await again.texts() == ["from the new device"])
        #expect(try await again.texts().isEmpty)
        try await again.send("answer", to: bob)
        #expect(try await second.texts() == ["answer"])
        #expect(try await bob.texts() == ["answer"])
    }
}
