import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostDelivery

/// How soon the polls of revoked bearers end. Measured: `script/test` runs it with nothing beside it.
@Suite(.timeLimit(.minutes(2))) struct RevokedPollMeasuredTests {
    enum Revoked: CaseIterable {
        case session, token, device, account
    }

    @Test(arguments: Revoked.allCases)
    func `a revocation releases the poll within a second, and only that poll`(of revoked: Revoked) async throws {
        #expect(Upkeep().revocationInterval <= .milliseconds(500))
        var upkeep = Upkeep()
        // The rest of the second is for machines that are busy with other things.
        upkeep.revocationInterval = .milliseconds(100)
        try await MailFixture.run(upkeep: upkeep) { service in
            let alice = try await service.people.person("alice")
            let bob = try await service.people.person("bob")
            let token = NewToken(
                id: Sample.recordID(), account: bob.id, session: bob.session, name: "t", scopes: [.mailbox],
                device: try Sample.device(1), expires: service.people.clock.now + .days(1), idempotencyKey: nil)
            _ = try await service.store.createToken(token)
            var bearer = try service.bearer(bob)
            if revoked == .token { bearer.credential = .token(token.id) }
            async let other = service.poll(alice, after: 0)
            async let poll = service.poll(bob, after: 0, bearer: bearer)
            try await service.parked(2)
            let start = ContinuousClock.now
            switch revoked {
            case .session: #expect(try await service.store.endSession(bob.session, of: bob.id))
            case .token: #expect(try await service.store.revokeToken(token.id, of: bob.id))
            case .device: #expect(try await service.store.removeDevice(bob.mailbox(1)))
            case .account: #expect(try await service.store.deleteAccount(bob.id))
            }
            let end = try await poll.end
            #expect(end == .revoked)
            #expect(ContinuousClock.now - start < .seconds(1))
            #expect(service.mail.parkedPolls == 1)
            service.mail.drain()
            _ = try await other
        }
    }
}
