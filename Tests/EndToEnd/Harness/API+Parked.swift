import SealpostTesting

extension API {
    /// The answer to a poll, and when it came.
    struct PollAnswer: Sendable {
        let answer: Answer
        let time: ContinuousClock.Instant
    }

    /// Polls that are parked on one mailbox, at most, at one node.
    private static let parkedAtMost = 4

    /// Runs `body` while four polls are parked on the token's mailbox at this node, and returns their answers in the
    /// order in which they came.
    ///
    /// Four fit: so once a fifth has released the oldest, the others are parked.
    func whileParked(
        after cursor: Int = 0, _ body: @Sendable () async throws -> Void
    ) async throws -> [PollAnswer] {
        try await withThrowingTaskGroup(of: PollAnswer.self) { polls in
            for _ in 0...Self.parkedAtMost {
                polls.addTask {
                    let answer = try await call("GET", "/v1/mailbox?wait=55&after=\(cursor)")
                    return PollAnswer(answer: answer, time: ContinuousClock.now)
                }
            }
            guard let oldest = try await polls.next(), oldest.answer.json["superseded"].bool == true else {
                throw Failure("polls did not park")
            }
            try await body()
            return try await polls.reduce(into: []) { $0.append($1) }
        }
    }
}
