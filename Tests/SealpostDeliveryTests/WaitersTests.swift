import SealpostCore
import SealpostStore
import Testing

@testable import SealpostDelivery

@Suite struct WaitersTests {
    let stream = StreamKey.mailbox(mailbox(1))

    @Test func `a parked poll goes on when its stream is woken`() async {
        let waiters = Waiters()
        let ticket = waiters.register(on: stream, by: bearer(1))
        async let reason = waiters.park(ticket, at: standing(0), until: .now + .seconds(60))
        waiters.wake(stream, .changed)
        #expect(await reason == .look)
        #expect(waiters.count == 0)
    }

    @Test func `cancelling the task ends the park, whenever the cancellation comes`() async {
        let waiters = Waiters()
        for _ in 0..<2000 {
            let ticket = waiters.register(on: stream, by: bearer(1))
            let task = Task { await waiters.park(ticket, at: standing(0), until: .now + .seconds(600)) }
            task.cancel()
            #expect(await task.value == .cancelled)
        }
        #expect(waiters.count == 0)
    }

    @Test func `a poll with a deadline ends without a wake`() async {
        let waiters = Waiters()
        await withTaskGroup { group in
            group.addTask { try? await waiters.run() }
            let ticket = waiters.register(on: stream, by: bearer(1))
            let start = ContinuousClock.now
            #expect(await waiters.park(ticket, at: standing(0), until: start + .milliseconds(150)) == .timedOut)
            #expect(ContinuousClock.now - start >= .milliseconds(150))
            group.cancelAll()
        }
    }

    @Test func `concurrent wakes and parks lose no wake`() async {
        let waiters = Waiters()
        await withTaskGroup { group in
            for number in 1...64 as ClosedRange<Int64> {
                group.addTask {
                    let stream = StreamKey.mailbox(mailbox(1, account: number))
                    for _ in 0..<200 {
                        let ticket = waiters.register(on: stream, by: bearer(number))
                        async let reason = waiters.park(ticket, at: standing(0), until: .now + .seconds(600))
                        async let wake: Void = waiters.wake(stream, .changed)
                        #expect(await reason == .look)
                        await wake
                    }
                }
            }
        }
        #expect(waiters.count == 0)
    }
}
