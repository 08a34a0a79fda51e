import SealpostStore
import Synchronization

/// Group commit: requests that arrive while a call is under way form the next one. There is no timer, so a lone
/// request waits for nothing, and a busy store gets many requests a transaction.
///
/// `run` must be running for requests to be answered.
package final class Batcher<Request: Sendable, Outcome: Sendable>: Sendable {
    private struct Entry {
        let request: Request
        let continuation: CheckedContinuation<Result<Outcome, StoreError>, Never>
    }

    private struct State {
        var queue: [Entry] = []
        /// Lanes that wait for work.
        var idle: [CheckedContinuation<Void, Never>] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let lanes: Int
    private let limit: Int
    private let weight: @Sendable (Request) -> Int
    private let maximumWeight: Int
    private let perform: @Sendable ([Request]) async throws(StoreError) -> [Outcome]

    /// - Parameters:
    ///   - lanes: calls that may be under way at a time.
    ///   - limit: requests a call takes at most.
    ///   - maximumWeight: the sum of weights after which a call takes no more.
    ///   - perform: makes the call; answers in the order of the requests. A call that throws `.corrupt` must have had
    ///     no effect: it is made again with half of its requests, so that one of them does not fail the others.
    package init(
        lanes: Int = 1, limit: Int, maximumWeight: Int = .max,
        weight: @escaping @Sendable (Request) -> Int = { _ in 1 },
        perform: @escaping @Sendable ([Request]) async throws(StoreError) -> [Outcome]
    ) {
        self.lanes = lanes
        self.limit = limit
        self.weight = weight
        self.maximumWeight = maximumWeight
        self.perform = perform
    }

    /// Requests that wait for the next call.
    package var queued: Int { state.withLock(\.queue.count) }

    /// Hands a request in and waits for its outcome. Cancelling the caller does not take the request back.
    package func submit(_ request: Request) async throws(StoreError) -> Outcome {
        try await withCheckedContinuation { (continuation: CheckedContinuation<Result<Outcome, StoreError>, Never>) in
            let (isClosed, lane) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                guard !state.isClosed else { return (true, nil) }
                state.queue.append(Entry(request: request, continuation: continuation))
                return (false, state.idle.popLast())
            }
            lane?.resume()
            if isClosed {
                continuation.resume(returning: .failure(.unavailable("the service is stopping")))
            }
        }.get()
    }

    /// Serves requests until `close`, and then what is still queued.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<lanes {
                group.addTask { await self.serve() }
            }
        }
    }

    /// Takes no more requests and lets `run` end when the queue is empty.
    package func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for lane in idle {
            lane.resume()
        }
    }

    private func serve() async {
        while true {
            let batch = take()
            if !batch.isEmpty {
                await answer(batch)
            } else if await waitForWork() {
                return
            }
        }
    }

    /// True when there is no more work and never will be.
    private func waitForWork() async -> Bool {
        let isOver = state.withLock { $0.queue.isEmpty && $0.isClosed }
        if isOver { return true }
        await withCheckedContinuation { (lane: CheckedContinuation<Void, Never>) in
            let hasWork = state.withLock { state in
                guard state.queue.isEmpty && !state.isClosed else { return true }
                state.idle.append(lane)
                return false
            }
            if hasWork {
                lane.resume()
            }
        }
        return false
    }

    private func take() -> ArraySlice<Entry> {
        state.withLock { state in
            var total = 0
            let count = state.queue.prefix(limit).prefix { entry in
                defer { total += weight(entry.request) }
                return total < maximumWeight
            }.count
            let batch = state.queue[..<count]
            state.queue.removeFirst(count)
            return batch
        }
    }

    private func answer(_ batch: ArraySlice<Entry>) async {
        let result: Result<[Outcome], StoreError>
        do throws(StoreError) {
            result = .success(try await perform(batch.map(\.request)))
        } catch {
            result = .failure(error)
        }
        switch result {
        case .success(let outcomes) where outcomes.count == batch.count:
            for (entry, outcome) in zip(batch, outcomes) {
                entry.continuation.resume(returning: .success(outcome))
            }
        case .success(let outcomes):
            fail(batch, .corrupt("\(outcomes.count) outcomes for \(batch.count) requests"))
        case .failure(.corrupt) where batch.count > 1:
            // What is corrupt may concern one request: its neighbours go on without it.
            let middle = batch.startIndex + batch.count / 2
            await answer(batch[..<middle])
            await answer(batch[middle...])
        case .failure(let error):
            fail(batch, error)
        }
    }

    private func fail(_ batch: ArraySlice<Entry>, _ error: StoreError) {
        for entry in batch {
            entry.continuation.resume(returning: .failure(error))
        }
    }
}
