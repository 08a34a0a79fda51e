import SealpostCore
import SealpostStore
import SealpostTesting
import Testing

@testable import SealpostDelivery

@Suite struct WaiterShardTests {
    let stream = StreamKey.mailbox(mailbox(1))
    let other = StreamKey.mailbox(mailbox(2))

    @Test func `a wake between registering and parking ends the park at once`() {
        var shard = WaiterShard<Int>()
        shard.register(WaiterID(1), on: stream, by: bearer(1))
        #expect(shard.wake(stream, .changed).isEmpty)
        let resumed = shard.park(WaiterID(1), at: standing(0), deadline: 10, isCancelled: false, 1)
        #expect(resumed.map(\.reason) == [.look])
        #expect(shard.isEmpty)
    }

    @Test func `a commit exactly behind the cursor is handed over and any other makes the poll look`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 4)
        park(&shard, 2, cursor: 3)
        let resumed = shard.wake(stream, .committed([envelope(5), envelope(6)], state()))
        let reasons = Dictionary(uniqueKeysWithValues: resumed.map { ($0.continuation, $0.reason) })
        #expect(reasons == [1: .delivered([envelope(5), envelope(6)], state()), 2: .look])
        #expect(shard.isEmpty)
    }

    @Test func `a wake of one stream leaves the polls of others parked`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0)
        #expect(shard.wake(other, .changed).isEmpty)
        #expect(shard.count == 1)
    }

    @Test func `a fifth poll on a stream sends the oldest parked one away`() {
        var shard = WaiterShard<Int>(limit: 4)
        for id in 1...4 { #expect(park(&shard, id, cursor: 0).isEmpty) }
        let resumed = park(&shard, 5, cursor: 0)
        #expect(resumed.map(\.continuation) == [1])
        #expect(resumed.map(\.reason) == [.superseded])
        #expect(shard.count == 4)
    }

    @Test func `polls that are only registered are not counted against the limit`() {
        var shard = WaiterShard<Int>(limit: 1)
        shard.register(WaiterID(1), on: stream, by: bearer(1))
        #expect(park(&shard, 2, cursor: 0).isEmpty)
        #expect(park(&shard, 3, cursor: 0).map(\.continuation) == [2])
    }

    @Test func `a poll times out at its tick and not before`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0, deadline: 10)
        park(&shard, 2, cursor: 0, deadline: 11)
        #expect(shard.expire(through: 9).isEmpty)
        let due = shard.expire(through: 10)
        #expect(due.map(\.continuation) == [1])
        #expect(due.map(\.reason) == [.timedOut])
        #expect(shard.expire(through: 5000).map(\.continuation) == [2])
        #expect(shard.isEmpty)
    }

    @Test func `a poll that parks after its deadline times out at once`() {
        var shard = WaiterShard<Int>()
        _ = shard.expire(through: 20)
        #expect(park(&shard, 1, cursor: 0, deadline: 20).map(\.reason) == [.timedOut])
        #expect(shard.isEmpty)
    }

    @Test func `cancelling a parked poll ends it and leaves nothing behind`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0)
        #expect(shard.cancel(WaiterID(1))?.reason == .cancelled)
        #expect(shard.cancel(WaiterID(1)) == nil)
        #expect(shard.isEmpty)
    }

    @Test func `a poll whose task was cancelled before it parks never parks`() {
        var shard = WaiterShard<Int>()
        shard.register(WaiterID(1), on: stream, by: bearer(1))
        #expect(shard.cancel(WaiterID(1)) == nil)
        let resumed = shard.park(WaiterID(1), at: standing(0), deadline: 10, isCancelled: true, 1)
        #expect(resumed.map(\.reason) == [.cancelled])
        #expect(shard.isEmpty)
    }

    @Test func `a revoked bearer's polls end, parked or about to park, and no one else's`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0, account: 1)
        shard.register(WaiterID(2), on: stream, by: bearer(1))
        park(&shard, 3, cursor: 0, account: 2)
        let released = shard.release { $0.account == AccountID(1) }
        #expect(released.map(\.continuation) == [1])
        #expect(released.map(\.reason) == [.revoked])
        let late = shard.park(WaiterID(2), at: standing(0), deadline: 10, isCancelled: false, 2)
        #expect(late.map(\.reason) == [.revoked])
        #expect(shard.count == 1)
    }

    @Test func `draining ends every poll and keeps later ones from parking`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0)
        #expect(shard.drain().map(\.reason) == [.draining])
        #expect(park(&shard, 2, cursor: 0).map(\.reason) == [.draining])
        #expect(shard.isEmpty)
    }

    @Test func `a change of the account wakes the polls of all its devices`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 0, on: stream)
        park(&shard, 2, cursor: 0, on: other)
        park(&shard, 3, cursor: 0, on: .mailbox(mailbox(1, account: 9)))
        #expect(Set(shard.wakeAll(of: AccountID(1)).map(\.continuation)) == [1, 2])
    }

    @Test func `a re-check wakes the polls that are behind, and those alone`() {
        var shard = WaiterShard<Int>()
        park(&shard, 1, cursor: 4)
        park(&shard, 2, cursor: 5)
        park(&shard, 3, cursor: 6)
        park(&shard, 4, cursor: 0, on: other)
        let resumed = shard.recheck(stream, MailboxHead(head: Sequence(5), account: state().account))
        #expect(resumed.map(\.continuation) == [1])
        #expect(resumed.map(\.reason) == [.look])
        #expect(shard.count == 3)
    }

    @Test func `a re-check wakes a poll when its account has changed, and when its device is gone`() {
        var shard = WaiterShard<Int>()
        var account = state().account
        for change in [
            { $0.pendingDevices = [device(2)] }, { $0.listVersion = 2 }, { $0.listHash = [1] }, { $0.listHash = nil },
        ] as [(inout AccountState) -> Void] {
            park(&shard, 1, cursor: 5)
            #expect(shard.recheck(stream, MailboxHead(head: Sequence(5), account: state().account)).isEmpty)
            account = state().account
            change(&account)
            #expect(shard.recheck(stream, MailboxHead(head: Sequence(5), account: account)).map(\.reason) == [.look])
        }
        park(&shard, 1, cursor: 5)
        #expect(shard.recheck(stream, nil).map(\.reason) == [.look])
        #expect(shard.isEmpty)
    }

    @Test func `a poll that is reading while a re-check passes looks again before it parks`() {
        var shard = WaiterShard<Int>()
        shard.register(WaiterID(1), on: stream, by: bearer(1))
        #expect(Array(shard.openStreams) == [stream])
        #expect(shard.recheck(stream, MailboxHead(head: Sequence(5), account: state().account)).isEmpty)
        let resumed = shard.park(WaiterID(1), at: standing(4), deadline: 10, isCancelled: false, 1)
        #expect(resumed.map(\.reason) == [.look])
        #expect(shard.isEmpty && shard.openStreams.isEmpty)
    }

    @Test func `random sequences of calls resume each poll exactly once and leave nothing behind`() {
        for seed in 1...200 {
            var random = SplitMix(seed: UInt64(seed))
            var shard = WaiterShard<Int>(limit: 3)
            var resumed: [Int: Int] = [:]
            var tick = 0
            var next = 1
            var registered: [Int] = []
            var parked: Set<Int> = []
            func note(_ resumptions: [WaiterShard<Int>.Resumption]) {
                for resumption in resumptions { resumed[resumption.continuation, default: 0] += 1 }
            }
            for _ in 0..<300 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0, 1, 2:
                    shard.register(
                        WaiterID(UInt64(next)), on: Bool.random(using: &random) ? stream : other, by: bearer(1))
                    registered.append(next)
                    next += 1
                case 3, 4:
                    guard let id = registered.popLast() else { continue }
                    parked.insert(id)
                    note(
                        shard.park(
                            WaiterID(UInt64(id)), at: standing(Int64.random(in: 0..<3, using: &random)),
                            deadline: tick + Int.random(in: 0..<4, using: &random), isCancelled: false, id))
                case 5: note(shard.wake(stream, .committed([envelope(2)], state())))
                case 6: note(shard.wake(other, .changed))
                case 7:
                    note(shard.recheck(stream, MailboxHead(head: Sequence(2), account: state().account)))
                case 8:
                    tick += 1
                    note(shard.expire(through: tick))
                default:
                    note(shard.cancel(WaiterID(UInt64(Int.random(in: 1...next, using: &random)))).map { [$0] } ?? [])
                }
            }
            for id in registered { shard.forget(WaiterID(UInt64(id))) }
            note(shard.drain())
            #expect(Set(resumed.keys) == parked && resumed.values.allSatisfy { $0 == 1 }, "seed \(seed)")
            #expect(shard.isEmpty, "seed \(seed)")
        }
    }

    @discardableResult
    private func park(
        _ shard: inout WaiterShard<Int>, _ id: Int, cursor: Int64, deadline: Int = 100, account: Int64 = 1,
        on stream: StreamKey? = nil
    ) -> [WaiterShard<Int>.Resumption] {
        shard.register(WaiterID(UInt64(id)), on: stream ?? self.stream, by: bearer(account))
        return shard.park(
            WaiterID(UInt64(id)), at: standing(cursor), deadline: deadline, isCancelled: false, id)
    }
}
