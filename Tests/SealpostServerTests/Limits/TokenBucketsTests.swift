import SealpostCore
import Testing

@testable import SealpostServer

@Suite struct TokenBucketsTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    @Test func aBurstIsTakenAtOnceAndThenOneAnInterval() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 3, perHour: 60))
        for left in [2, 1, 0] {
            #expect(buckets.take(1, at: start) == nil)
            #expect(buckets.remaining(1, at: start) == left)
        }
        #expect(buckets.take(1, at: start) == .seconds(60))
        #expect(buckets.take(1, at: start + .seconds(59)) == .seconds(1))
        #expect(buckets.take(1, at: start + .seconds(60)) == nil)
        #expect(buckets.take(1, at: start + .seconds(60)) == .seconds(60))
        #expect(buckets.take(2, at: start) == nil)
    }

    @Test func aBucketNeverHoldsMoreThanItsBurst() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 2, perHour: 3600))
        let later = start + .days(1)
        #expect(buckets.take(1, at: start) == nil)
        #expect(buckets.remaining(1, at: later) == 2)
        #expect(buckets.take(1, at: later) == nil)
        #expect(buckets.take(1, at: later) == nil)
        #expect(buckets.take(1, at: later) != nil)
    }

    @Test func whatIsGivenBackCanBeTakenAgain() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 1, perHour: 1))
        #expect(buckets.take(1, at: start) == nil)
        #expect(buckets.take(1, at: start) != nil)
        buckets.giveBack(1, at: start)
        #expect(buckets.take(1, at: start) == nil)
        buckets.giveBack(9, at: start)
        #expect(buckets.remaining(9, at: start) == 1)
    }

    @Test func aClockThatGoesBackGivesNothingAndTakesNothing() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 1, perHour: 60))
        #expect(buckets.take(1, at: start) == nil)
        #expect(buckets.take(1, at: start - .seconds(60)) == .seconds(120))
    }

    @Test func noLimitMeansNone() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 1, perHour: 0))
        for _ in 0..<100 { #expect(buckets.take(1, at: start) == nil) }
        #expect(buckets.count == 0)
    }

    @Test func theTableIsBoundedAndTheMostLimitedStay() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 2, perHour: 1), maximumKeys: 8)
        _ = buckets.take(-1, at: start)
        _ = buckets.take(-1, at: start)
        for key in 0..<1000 {
            #expect(buckets.take(key, at: start) == nil)
            #expect(buckets.count <= 8)
        }
        #expect(buckets.take(-1, at: start) != nil)
    }

    @Test func bucketsThatAreFullAgainMakeRoom() {
        var buckets = TokenBuckets<Int>(rate: Rate(burst: 1, perHour: 3600), maximumKeys: 4)
        for key in 0..<4 { _ = buckets.take(key, at: start) }
        _ = buckets.take(5, at: start + .seconds(2))
        #expect(buckets.count == 1)
    }
}
