import SealpostCore
import SealpostStore
import SodiumKit
import Synchronization
import Testing

@testable import SealpostServer

@Suite("ListedDevices")
struct DeviceListedTests {
    /// Puts a device on its account's list or off it behind the server's back, as another node would.
    private static func change(
        _ account: MailTestAccount, to list: DeviceListRequest, on server: MailTestServer
    ) async throws {
        let change = try DeviceListChange(
            verifying: list.list.bytes, signature: list.signature.bytes, handle: account.handle,
            accountKey: account.key.publicKey)
        let id = try await server.base.account(account.handle.description)
        try await server.app.parts.store.changeDeviceList(change, of: id).requireStored()
    }

    @Test func thatADeviceIsListedIsBelievedForAMomentAndThatItIsPendingNever() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            _ = try await alice.register(device)
            let key = MailboxKey(account: try await server.base.account("alice"), device: try #require(DeviceNumber(1)))
            let start = ContinuousClock.now
            let time = Mutex(start)
            let listed = ListedDevices(store: server.app.parts.store, now: { time.withLock { $0 } })
            await #expect(throws: Problem.self) { try await listed.require(key) }
            let first = try alice.list([device.identity.publicKey])
            try await Self.change(alice, to: first, on: server)
            try await listed.require(key)
            let next = try alice.list([], version: 2, previous: SHA256.hash(first.list.bytes))
            try await Self.change(alice, to: next, on: server)
            time.withLock { $0 = start + ListedDevices.belief - .milliseconds(1) }
            try await listed.require(key)
            time.withLock { $0 = start + ListedDevices.belief }
            await #expect(throws: Problem.self) { try await listed.require(key) }
        }
    }

    @Test func aLookThatBeganBeforeTheListChangedIsNotBelievedAfterwards() async throws {
        try await MailTestServer.run { server in
            let alice = try await MailTestAccount("alice", on: server)
            let device = MailTestDevice()
            _ = try await alice.registerListed(device)
            let account = try await server.base.account("alice")
            let key = MailboxKey(account: account, device: try #require(DeviceNumber(1)))
            let listed = Mutex<ListedDevices?>(nil)
            let asked = Mutex(0)
            let start = ContinuousClock.now
            // The clock is asked before the look, and when its answer is there: meanwhile the list changes.
            let subject = ListedDevices(
                store: server.app.parts.store,
                now: {
                    let count = asked.withLock { asked in
                        asked += 1
                        return asked
                    }
                    if count == 2 { listed.withLock { $0 }?.forget(account) }
                    return start
                })
            listed.withLock { $0 = subject }
            try await subject.require(key)
            let first = try alice.list([device.identity.publicKey])
            let next = try alice.list([], version: 2, previous: SHA256.hash(first.list.bytes))
            try await Self.change(alice, to: next, on: server)
            await #expect { try await subject.require(key) } throws: { ($0 as? Problem)?.code == .devicePending }
            listed.withLock { $0 = nil }
        }
    }

    @Test func aRemovedDeviceHasNoGoodToken() async throws {
        try await MailTestServer.run { server in
            _ = try await MailTestAccount("alice", on: server)
            let key = MailboxKey(account: try await server.base.account("alice"), device: try #require(DeviceNumber(1)))
            let listed = ListedDevices(store: server.app.parts.store)
            await #expect { try await listed.require(key) } throws: { ($0 as? Problem)?.code == .invalidToken }
            try await listed.require(nil)
        }
    }
}
