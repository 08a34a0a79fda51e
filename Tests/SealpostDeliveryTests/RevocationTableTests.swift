import SealpostCore
import SealpostStore
import Synchronization
import Testing

@testable import SealpostDelivery

@Suite struct RevocationTableTests {
    @Test func `before the first good read, and long after the last, nothing is accepted`() {
        let time = Mutex(ContinuousClock.now)
        let table = RevocationTable { time.withLock { $0 } }
        #expect(table.check(bearer(1)) == .stale)
        table.apply([])
        #expect(table.check(bearer(1)) == .valid)
        time.withLock { $0 += .seconds(10) }
        #expect(table.check(bearer(1)) == .valid)
        time.withLock { $0 += .milliseconds(1) }
        #expect(table.check(bearer(1)) == .stale)
    }

    @Test(arguments: [
        RevokedSubject.session(recordID(1)), .account(AccountID(1)), .device(mailbox(1)),
    ])
    func `a revoked subject ends the bearers it is part of and no other`(subject: RevokedSubject) {
        let table = RevocationTable()
        table.apply([Revocation(number: 7, subject: subject, until: .now + .hours(1))])
        #expect(table.check(bearer(1, session: 1)) == .revoked)
        #expect(table.check(bearer(2, session: 2)) == .valid)
        #expect(table.lastNumber == 7)
    }

    @Test func `an entry that is over is dropped at the next one`() {
        let table = RevocationTable()
        table.apply([Revocation(number: 1, subject: .session(recordID(1)), until: .now - .seconds(1))])
        table.apply([Revocation(number: 2, subject: .session(recordID(2)), until: .now + .hours(1))])
        #expect(table.check(bearer(1, session: 1)) == .valid)
        #expect(table.check(bearer(1, session: 2)) == .revoked)
    }
}
