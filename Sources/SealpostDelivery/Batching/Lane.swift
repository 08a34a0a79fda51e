import SealpostStore
import Synchronization

/// Requests that arrive while a call is under way form the next one. There is no timer, so a lone request waits for
/// nothing, and a busy store gets many requests a transaction.
final class Lane<Request: Sendable, Outcome: Sendable>: Sendable {
    typealias Caller = CheckedContinuation<Result<Outcome, StoreError>, Never>

    private struct Entry {
        let request: Request
        let caller: Caller
    }

    private struct State {
        var queue: [Entry] = []
        /// `run`, while it waits for work.
        var idle: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let limit: Int
    private let maximumWeight: Int
    private let weight: @Sendable (Request) -> Int
    private let perform: @Sendable ([Request]) async throws(StoreError) -> [Outcome]

    init(
        limit: Int, maximumWeight: Int, weight: @escaping @Sendable (Request) -> Int,
        perform: @escaping @Sendable ([Request]) async throws(StoreError) -> [Outcome]
    ) {
        self.limit = limit
        self.maximumWeight = maximumWeight
        self.weight = weight
        self.perform = perform
    }

    var queued: Int { state.withLock(\.queue.count) }

    /// Queues a request whose caller waits.
    func add(_ request: Request, _ caller: Caller) {
        let (isClosed, idle) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard !state.isClosed else { return (true, nil) }
            state.queue.append(Entry(request: request, caller: caller))
            return (false, state.idle.take())
        }
        idle?.resume()
        if isClosed {
            caller.resume(returning: .failure(.unavailable("the service is stopping")))
        }
    }

    /// Serves requests until `close`, and then what is still queued.
    func run() async {
        while true {
            let batch = take()
            if !batch.isEmpty {
                await answer(batch)
            } else if await waitForWork() {
                return
            }
        }
    }

    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            return state.idle.take()
        }
        idle?.resume()
    }

    /// True when there is no more work and never will be.
    private func waitForWork() async -> Bool {
        let isOver = state.withLock { $0.queue.isEmpty && $0.isClosed }
        if isOver { return true }
        await withCheckedContinuation { (idle: CheckedContinuation<Void, Never>) in
            let hasWork = state.withLock { state in
                guard state.queue.isEmpty && !state.isClosed else { return true }
                state.idle = idle
                return false
            }
            if hasWork {
                idle.resume()
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
                entry.caller.resume(returning: .success(outcome))
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
            entry.caller.resume(returning: .failure(error))
        }
    }
}
