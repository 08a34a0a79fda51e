import SealpostCore
import SodiumKit
import Testing

@testable import SealpostServer

@Suite struct PasswordPoolTests {
    private let cheap = Argon2idCost(passes: 1, memory: 8 << 10)

    @Test func aPasswordMatchesItsHashAndNothingElse() async throws {
        let pool = try PasswordPool(cost: cheap, workers: 2, queueLimit: 10)
        let hash = try await pool.hash("correct horse")
        #expect(hash.hasPrefix("$argon2id$"))
        #expect(try await pool.verify("correct horse", against: hash))
        #expect(try await !pool.verify("wrong horse", against: hash))
        #expect(try await !pool.verify("correct horse", against: nil))
    }

    @Test func whoComesWhenAllAreBusyAndTheQueueIsFullIsSentAway() async throws {
        // Slow enough that all are handed in while the first is computed.
        let pool = try PasswordPool(cost: .interactive, workers: 1, queueLimit: 2)
        let results = await withTaskGroup(of: ErrorCode?.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    do {
                        _ = try await pool.hash("correct horse")
                        return nil
                    } catch {
                        return (error as? Problem)?.code
                    }
                }
            }
            return await group.reduce(into: [ErrorCode?]()) { $0.append($1) }
        }
        #expect(results.contains(.unavailable))
        #expect(results.contains(nil))
        // What was refused took no place.
        #expect(try await pool.hash("correct horse").hasPrefix("$argon2id$"))
    }

    @Test func anUnknownUserTakesAsLongAsAKnownOne() async throws {
        let pool = try PasswordPool(cost: .interactive, workers: 1, queueLimit: 2)
        let hash = try await pool.hash("correct horse")
        var known: [Duration] = []
        var unknown: [Duration] = []
        for _ in 0..<5 {
            known.append(try await ContinuousClock().measure { _ = try await pool.verify("wrong", against: hash) })
            unknown.append(try await ContinuousClock().measure { _ = try await pool.verify("wrong", against: nil) })
        }
        // Without the dummy hash the unknown one would take no time to speak of.
        #expect(unknown.sorted()[2] > known.sorted()[2] / 4)
    }
}
