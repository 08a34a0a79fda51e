import SealpostTesting
import Testing

@testable import PostgresKit

@Suite struct PoolStateTests {
    private typealias State = PoolState<Int, Int>

    /// Everything that may be asked of a pool, in any order: nobody is lost, nobody is served twice or before their turn,
    /// no connection is with two, and there are never too many.
    @Test(arguments: 0..<40) func anyOrderOfCallsServesEverybodyOnceAndInTurn(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let limit = Int.random(in: 1...4, using: &random)
        var state = State(limit: limit)
        var (leased, making, queue): (Set<Int>, Int, ArraySlice<UInt64>) = ([], 0, [])
        var (known, nextConnection, nextID, isClosed) = (Set<Int>(), 0, UInt64(0), false)

        func take(_ lease: State.Lease, enqueued id: UInt64?) throws {
            switch lease {
            case .connection(let connection):
                try #require(known.contains(connection) && leased.insert(connection).inserted && queue.isEmpty)
            case .make:
                try #require(queue.isEmpty)
                making += 1
            case .wait:
                try #require(leased.count + making == limit)
                if let id { queue.append(id) }
            case .closed: try #require(isClosed)
            }
        }

        for _ in 0..<400 {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<25: try take(state.lease(), enqueued: nil)
            case 25..<50:
                nextID += 1
                try take(state.enqueue(nextID, Int(nextID)), enqueued: nextID)
            case 50..<65 where making > 0:
                making -= 1
                nextConnection += 1
                known.insert(nextConnection)
                leased.insert(nextConnection)
            case 65..<70 where making > 0:
                making -= 1
                if let waiter = state.abandon() {
                    try #require(UInt64(waiter) == queue.popFirst())
                    making += 1
                } else {
                    try #require(queue.isEmpty)
                }
            case 70..<90:
                guard let connection = leased.randomElement(using: &random) else { continue }
                leased.remove(connection)
                switch state.release(connection) {
                case .give(let waiter):
                    try #require(!isClosed && UInt64(waiter) == queue.popFirst())
                    leased.insert(connection)
                case .kept: try #require(!isClosed && queue.isEmpty)
                case .surplus:
                    try #require(isClosed)
                    known.remove(connection)
                }
            case 90..<99:
                let id = UInt64.random(in: 0...nextID, using: &random)
                let waiter = state.remove(id)
                try #require((waiter != nil) == queue.contains(id))
                queue.removeAll { $0 == id }
            case 99 where Bool.random(using: &random) && Bool.random(using: &random):
                let (waiters, free) = state.close()
                try #require(waiters.map(UInt64.init) == Array(queue))
                try #require(isClosed || Set(free) == known.subtracting(leased))
                known.subtract(free)
                (queue, isClosed) = ([], true)
            default: continue
            }
            try #require(state.leased == leased.count + making && state.waiting == queue.count)
            try #require(known.count + making <= limit)
        }
    }

    @Test func theConnectionThatCameBackLastGoesOutFirst() {
        var state = State(limit: 2)
        for connection in [1, 2] {
            guard case .make = state.lease() else {
                Issue.record("no right to make \(connection)")
                return
            }
        }
        for connection in [1, 2] {
            guard case .kept = state.release(connection) else {
                Issue.record("\(connection) was not kept")
                return
            }
        }
        guard case .connection(2) = state.lease() else {
            Issue.record("another connection")
            return
        }
    }
}
