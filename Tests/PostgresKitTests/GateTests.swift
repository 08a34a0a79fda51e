import SealpostTesting
import Synchronization
import Testing

@testable import PostgresKit

@Suite struct GateTests {
    private static let away = PostgresError.unreachable("away")

    /// What a call to the gate leads to when whoever gets through meets `error`.
    private func call(_ gate: Gate, _ error: PostgresError? = nil) -> (came: Bool, error: PostgresError?) {
        var came = false
        do throws(PostgresError) {
            try gate.connect { () throws(PostgresError) in
                came = true
                if let error { throw error }
            }
            return (came, nil)
        } catch {
            return (came, error)
        }
    }

    /// Calls until somebody gets through.
    private func callUntilThrough(_ gate: Gate, _ error: PostgresError?) async throws -> Duration {
        let start = ContinuousClock.now
        while !call(gate, error).came { try await Task.sleep(for: .milliseconds(1)) }
        return ContinuousClock.now - start
    }

    @Test func whileAllIsWellEverybodyGetsThrough() {
        let gate = Gate()
        for _ in 0..<10 { #expect(call(gate).came) }
    }

    @Test func afterAFailureTheNextAreToldItAtOnceUntilItIsTime() async throws {
        let gate = Gate()
        #expect(call(gate, Self.away) == (true, Self.away))
        for _ in 0..<10 { #expect(call(gate) == (false, Self.away)) }
        #expect(try await callUntilThrough(gate, nil) >= .milliseconds(20))
        for _ in 0..<10 { #expect(call(gate).came) }
    }

    @Test func oneTriesAtATimeAndTheOthersAreToldAtOnce() async throws {
        let gate = Gate()
        _ = call(gate, Self.away)
        let others = Mutex<[Bool]>([])
        var isThrough = false
        while !isThrough {
            try? gate.connect { () throws(PostgresError) in
                isThrough = true
                others.withLock { $0 = (0..<10).map { _ in call(gate).came } }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        #expect(others.withLock { $0 } == Array(repeating: false, count: 10))
    }

    @Test func failuresThatComeTogetherCountAsOne() async throws {
        let gate = Gate()
        // Each begins before any other has ended.
        func nest(_ depth: Int) throws(PostgresError) {
            try gate.connect { () throws(PostgresError) in
                if depth > 0 { try? nest(depth - 1) }
                throw Self.away
            }
        }
        #expect(throws: PostgresError.self) { try nest(20) }
        #expect(try await callUntilThrough(gate, nil) < .milliseconds(300))
    }

    @Test func anOldFailureDoesNotUndoANewSuccess() {
        let gate = Gate()
        _ = try? gate.connect { () throws(PostgresError) in
            #expect(call(gate).came)
            throw Self.away
        }
        #expect(call(gate).came)
    }

    @Test func anAttemptThatIsCalledOffSaysNothing() async throws {
        let gate = Gate()
        _ = call(gate, .cancelled)
        #expect(call(gate, Self.away) == (true, Self.away))
        _ = try await callUntilThrough(gate, .cancelled)
        // And lets the next one try.
        #expect(call(gate).came)
    }
}

@Suite struct BackoffTests {
    @Test func pausesDoubleToASecondEachByARandomPartShorter() {
        var random = SplitMix(seed: 1)
        var backoff = Backoff()
        for _ in 0..<2 {
            for whole in [50, 100, 200, 400, 800] + Array(repeating: 1_000, count: 100) {
                let pause = backoff.next(using: &random)
                #expect(pause >= .milliseconds(whole) / 2 && pause <= .milliseconds(whole))
            }
            backoff.reset()
        }
    }

    @Test func twoNodesDoNotComeTogether() {
        var (one, other) = (SplitMix(seed: 1), SplitMix(seed: 2))
        var (first, second) = (Backoff(), Backoff())
        let pauses = (0..<10).map { _ in (first.next(using: &one), second.next(using: &other)) }
        #expect(pauses.allSatisfy { $0 != $1 })
    }
}
