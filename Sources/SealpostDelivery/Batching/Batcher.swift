import SealpostStore

/// Group commit on one or several lanes: requests with the same key share a lane, and so keep their order; calls of
/// different lanes are under way at once, and none waits for another's.
///
/// `run` must be running for requests to be answered.
package final class Batcher<Request: Sendable, Outcome: Sendable>: Sendable {
    private let lanes: [Lane<Request, Outcome>]
    private let key: @Sendable (Request) -> Int

    /// - Parameters:
    ///   - lanes: calls that may be under way at a time.
    ///   - key: a hash of what the request is about.
    ///   - limit: requests a call takes at most.
    ///   - maximumWeight: the sum of weights after which a call takes no more.
    ///   - perform: makes the call; answers in the order of the requests. A call that throws `.corrupt` must have had
    ///     no effect: it is made again with half of its requests, so that one of them does not fail the others.
    package init(
        lanes: Int = 1, key: @escaping @Sendable (Request) -> Int, limit: Int, maximumWeight: Int = .max,
        weight: @escaping @Sendable (Request) -> Int = { _ in 1 },
        perform: @escaping @Sendable ([Request]) async throws(StoreError) -> [Outcome]
    ) {
        self.key = key
        self.lanes = (0..<lanes).map { _ in
            Lane(limit: limit, maximumWeight: maximumWeight, weight: weight, perform: perform)
        }
    }

    /// Requests that wait for the next call of their lane.
    package var queued: Int { lanes.reduce(0) { $0 + $1.queued } }

    /// Hands a request in and waits for its outcome. Cancelling the caller does not take the request back.
    package func submit(_ request: Request) async throws(StoreError) -> Outcome {
        let lane = lanes[Int(UInt(bitPattern: key(request)) % UInt(lanes.count))]
        return try await withCheckedContinuation { lane.add(request, $0) }.get()
    }

    /// Serves requests until `close`, and then what is still queued.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for lane in lanes {
                group.addTask { await lane.run() }
            }
        }
    }

    /// Takes no more requests and lets `run` end when the queues are empty.
    package func close() {
        for lane in lanes {
            lane.close()
        }
    }
}
