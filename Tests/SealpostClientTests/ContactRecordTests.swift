import SealpostCore
import Testing

@testable import SealpostClient

/// What a server can try with device lists, and that each is noticed.
struct ContactRecordTests {
    let now = Timestamp(milliseconds: 1_000_000)
    let alice: ListOwner
    let first = newIdentityKey()
    let second = newIdentityKey()

    init() throws {
        alice = try ListOwner("alice")
    }

    private func reason(_ body: () throws -> Void) -> TrustFailure.Reason? {
        do {
            try body()
            return nil
        } catch {
            return (error as? TrustFailure)?.reason
        }
    }

    private func pinned(_ offer: ListOffer) throws -> ContactRecord {
        try ContactRecord(firstUse: alice.handle, offer, now: now)
    }

    @Test func theKeyIsPinnedAtFirstUseAndTheListTaken() throws {
        let contact = try pinned(alice.list(1, devices: [(1, first)]))
        #expect(contact.accountKey.bytes == alice.publicKey)
        #expect(contact.list.version == 1)
        #expect(contact.list.device(withKey: first)?.number.value == 1)
        #expect(!contact.verified)
    }

    @Test func aListThatFollowsIsTakenAndTheOldOneRemembered() throws {
        let one = try alice.list(1, devices: [(1, first)])
        var contact = try pinned(one)
        let hash = contact.list.hash
        let update = try contact.take(alice.list(2, after: one, devices: [(1, first), (2, second)]), now: now)
        #expect(update == .newer)
        #expect(contact.list.version == 2)
        #expect(contact.hash(ofVersion: 1) == hash)
    }

    @Test func theSameListAgainChangesNothing() throws {
        let one = try alice.list(1, devices: [(1, first)])
        var contact = try pinned(one)
        let update = try contact.take(one, now: now)
        #expect(update == .unchanged)
    }

    @Test func aDeviceAddedByTheServerIsNoticed() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        var forged = try alice.list(2, devices: [(1, first), (2, second)])
        forged.signature[0] ^= 1
        let reason1 = reason { _ = try contact.take(forged, now: now) }
        #expect(reason1 == .listNotSigned)
        #expect(contact.list.version == 1)
    }

    @Test func aListSignedByAnotherKeyUnderThePinnedOneIsNoticed() throws {
        let one = try alice.list(1, devices: [(1, first)])
        var contact = try pinned(one)
        let mallory = try ListOwner("alice")
        var forged = try mallory.list(2, after: one, devices: [(2, second)])
        forged.accountKey = alice.publicKey
        // The directory names the pinned key, the list another one.
        let reason2 = reason { _ = try contact.take(forged, now: now) }
        #expect(reason2 == .listNotSigned)
        #expect(contact.list.version == 1)
    }

    @Test func anExchangedAccountKeyIsKeptAsAnOfferAndNotUsed() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        contact.verified = true
        let mallory = try ListOwner("alice")
        let forged = try mallory.list(1, devices: [(1, second)])
        let reason3 = reason { _ = try contact.take(forged, now: now) }
        #expect(reason3 == .accountKeyChanged)
        #expect(contact.accountKey.bytes == alice.publicKey)
        #expect(contact.offer?.accountKey.bytes == mallory.publicKey)
        #expect(contact.list.device(withKey: second) == nil)

        let wasAccepted = contact.acceptOffer()
        #expect(wasAccepted)
        #expect(contact.accountKey.bytes == mallory.publicKey)
        #expect(contact.list.device(withKey: second) != nil)
        #expect(!contact.verified)
    }

    @Test func anExchangedAccountKeyCanBeRejected() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        let forged = try ListOwner("alice").list(1, devices: [(1, second)])
        let before = contact
        _ = reason { _ = try contact.take(forged, now: now) }
        let (wasRejected, isRejectedAgain) = (contact.rejectOffer(), contact.rejectOffer())
        #expect(wasRejected)
        #expect(!isRejectedAgain)
        #expect(contact == before)
    }

    @Test func aKeyThatDoesNotSignItsOwnListIsNotEvenAnOffer() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        var forged = try ListOwner("alice").list(1, devices: [(1, second)])
        forged.signature[5] ^= 1
        let reason4 = reason { _ = try contact.take(forged, now: now) }
        #expect(reason4 == .listNotSigned)
        #expect(contact.offer == nil)
    }

    @Test func anotherHandlesListIsNoticed() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        let bob = try ListOwner("bob")
        var other = try bob.list(2, devices: [(1, second)])
        let reason5 = reason { _ = try contact.take(other, now: now) }
        #expect(reason5 == .listForAnotherHandle)
        other.accountKey = alice.publicKey
        let reason6 = reason { _ = try contact.take(other, now: now) }
        #expect(reason6 == .listForAnotherHandle)
        #expect(contact.offer == nil)
        let reason7 = reason { _ = try ContactRecord(firstUse: alice.handle, other, now: now) }
        #expect(reason7 == .listForAnotherHandle)
    }

    @Test func anOlderListIsNoticed() throws {
        let one = try alice.list(1, devices: [(1, first)])
        var contact = try pinned(one)
        _ = try contact.take(alice.list(2, after: one, devices: [(1, first), (2, second)]), now: now)
        let reason8 = reason { _ = try contact.take(one, now: now) }
        #expect(reason8 == .listRolledBack)
    }

    @Test func twoListsWithOneVersionAreNoticed() throws {
        var contact = try pinned(alice.list(3, devices: [(1, first)]))
        let reason9 = reason { _ = try contact.take(alice.list(3, devices: [(1, first), (2, second)]), now: now) }
        #expect(reason9 == .listForked)
    }

    @Test func aSuccessorThatNamesAnotherPredecessorIsNoticed() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        let other = try alice.list(1, devices: [(1, second)])
        let reason10 = reason { _ = try contact.take(alice.list(2, after: other, devices: [(1, first)]), now: now) }
        #expect(reason10 == .listChainBroken)
    }

    @Test func bytesThatAreNoListAreNoticed() throws {
        var contact = try pinned(alice.list(1, devices: [(1, first)]))
        let noise = ListOffer(accountKey: alice.publicKey, list: [1, 2, 3], signature: [])
        let reason11 = reason { _ = try contact.take(noise, now: now) }
        #expect(reason11 == .listMalformed)
    }

    @Test func aDeviceStandsAsTheListsSay() throws {
        let one = try alice.list(1, devices: [(1, first), (2, second)])
        var contact = try pinned(one)
        _ = try contact.take(alice.list(2, after: one, devices: [(1, first)]), now: now)
        let (d1, d2, d3) = (try number(1), try number(2), try number(3))
        #expect(contact.standing(of: d1, identityKey: first, received: now) == .listed)
        #expect(contact.standing(of: d1, identityKey: second, received: now) == .otherKey)
        #expect(contact.standing(of: d2, identityKey: second, received: now) == .removed)
        #expect(contact.standing(of: d2, identityKey: second, received: now + .seconds(1)) == .unlisted)
        #expect(contact.standing(of: d3, identityKey: second, received: now) == .unlisted)
    }

    private func number(_ value: UInt32) throws -> DeviceNumber { try #require(DeviceNumber(value)) }
}
