import SealpostCore
import Testing

@testable import SealpostClient

/// Ciphertexts that wait to be deposited, while the recipient's devices change.
struct WaitingDepositTests {
    /// An entry of Alice's that is encrypted for Bob's first device.
    private func encrypted(in world: TwoDevices) async throws -> OutboxRecord {
        let (handle, now, id) = (world.bob.owner.handle, world.clock.now, world.clock.environment.newID())
        let record = try await world.alice.profile.transaction { transaction in
            try transaction.queue(.text("secret", replyTo: nil), id: "an-id", to: handle, isAutomatic: false, now: now)
        }
        let contact = try #require(try await world.alice.profile.transaction { try $0.contact(handle) })
        let (device, bundle) = (
            world.bob.address.device, try contact.verified(try await world.bob.bundle(), claimed: now)
        )
        let result = try await world.alice.profile.transaction {
            try $0.encrypt(record.number, bundles: [device: bundle], id: id, now: now)
        }
        guard case .encrypted(let encrypted) = result else { throw ClientError.notFound("a ciphertext") }
        return encrypted
    }

    private func recheck(_ record: OutboxRecord, in world: TwoDevices) async throws -> OutboxRecord {
        try await world.alice.profile.transaction { try $0.recheckDeposit(record.number) }
    }

    @Test func whatIsEncryptedForListedDevicesIsSentAgainAsItIs() async throws {
        let world = try await TwoDevices()
        let record = try await encrypted(in: world)
        let list = try world.bob.owner.list(
            2, after: world.bobList, devices: [(1, try await world.bob.identityKey()), (2, newIdentityKey())])
        try await world.alice.learn(list, of: world.bob.owner)
        #expect(try await recheck(record, in: world).deposit?.id == record.deposit?.id)
    }

    @Test func whatIsEncryptedForADeviceThatLeftTheListDoesNotGo() async throws {
        let world = try await TwoDevices()
        let record = try await encrypted(in: world)
        let list = try world.bob.owner.list(2, after: world.bobList, devices: [(2, newIdentityKey())])
        try await world.alice.learn(list, of: world.bob.owner)
        #expect(try await recheck(record, in: world).deposit == nil)
        #expect(try await world.alice.outbox().map(\.deposit?.id) == [nil])
    }

    @Test func nothingGoesWhileAnotherAccountKeyIsOfferedAndOnlyToTheNewDevicesAfterwards() async throws {
        let world = try await TwoDevices()
        let record = try await encrypted(in: world)
        let (handle, now) = (world.bob.owner.handle, world.clock.now)
        let offer = try ListOwner("bob").list(1, devices: [(1, newIdentityKey())])
        _ = try await world.alice.profile.transaction { try $0.take(offer, of: handle, now: now) }
        await #expect {
            _ = try await recheck(record, in: world)
        } throws: { error in
            if case ClientError.untrusted(let failure) = error { failure.reason == .accountKeyChanged } else { false }
        }
        try await world.alice.profile.transaction { transaction in
            var contact = try #require(try transaction.contact(handle))
            let isAccepted = contact.acceptOffer()
            #expect(isAccepted)
            try transaction.setContact(contact)
        }
        #expect(try await recheck(record, in: world).deposit == nil)
    }

    @Test func whenTheDeviceWithTheFullMailboxLeavesOnesOwnDevicesLearnWhatTheOthersGot() async throws {
        let world = try await TwoDevices()
        let own = try world.alice.owner.list(
            2, after: world.aliceList, devices: [(1, try await world.alice.identityKey()), (2, newIdentityKey())])
        try await world.alice.learn(own, of: world.alice.owner)
        let (handle, now, id) = (world.bob.owner.handle, world.clock.now, world.clock.environment.newID())
        let result = try await world.alice.profile.transaction { transaction in
            var record = try transaction.queue(
                .text("partly", replyTo: nil), id: "an-id", to: handle, isAutomatic: false, now: now)
            record.stored = [try #require(DeviceNumber(1))]
            try transaction.setOutbox(record)
            return try transaction.encrypt(record.number, bundles: [:], id: id, now: now)
        }
        guard case .nobody = result else {
            Issue.record("there is nobody left to send to")
            return
        }
        let message = SyncedMessage(to: handle, id: "an-id", at: now, body: .text("partly", replyTo: nil))
        #expect(try await world.alice.outbox().map(\.body) == [.sync(message)])
    }
}
