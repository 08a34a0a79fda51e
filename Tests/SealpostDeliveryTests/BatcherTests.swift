import SealpostStore
import Synchronization
import Testing

@testable import SealpostDelivery

@Suite(.timeLimit(.minutes(1))) struct BatcherTests {
    @Test func `requests that arrive during a call form the next one, in order`() async throws {
        let gate = Gate()
        let batches = Mutex<[[Int]]>([])
        let batcher = makeBatcher(limit: 100) { requests throws(StoreError) in
            batches.withLock { $0.append(requests) }
            if requests == [0] { await gate.pass() }
            return requests.map { $0 * 10 }
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await batcher.run() }
            group.addTask { try await expect(batcher, 0, answers: 0) }
            await gate.waitUntilReached()
            try await withThrowingTaskGroup { callers in
                for number in 1...20 {
                    callers.addTask { try await expect(batcher, number, answers: number * 10) }
                }
                try await queued(20, at: batcher)
                gate.open()
                try await callers.waitForAll()
            }
            batcher.close()
            try await group.waitForAll()
        }
        let seen = batches.withLock { $0 }
        #expect(seen.count == 2)
        #expect(seen.last?.sorted() == Array(1...20))
    }

    @Test func `a call takes no more than its limits`() async throws {
        let sizes = Mutex<[Int]>([])
        let batcher = Batcher<Int, Int>(
            key: { $0 }, limit: 5, maximumWeight: 3, weight: { $0 },
            perform: { requests throws(StoreError) in
                sizes.withLock { $0.append(requests.count) }
                return requests
            })
        try await withThrowingTaskGroup { group in
            for _ in 0..<10 { group.addTask { _ = try await batcher.submit(1) } }
            for _ in 0..<10 { group.addTask { _ = try await batcher.submit(0) } }
            try await queued(20, at: batcher)
            batcher.close()
            await batcher.run()
            try await group.waitForAll()
        }
        let seen = sizes.withLock { $0 }
        #expect(seen.reduce(0, +) == 20)
        #expect(seen.allSatisfy { $0 <= 5 })
    }

    @Test func `an error reaches everyone in the call and no one in the next`() async throws {
        let batcher = makeBatcher(limit: 1) { requests throws(StoreError) in
            if requests == [13] { throw .unavailable("no room") }
            return requests
        }
        await withTaskGroup { group in
            group.addTask { await batcher.run() }
            await #expect(throws: StoreError.self) { try await batcher.submit(13) }
            await #expect(throws: Never.self) { try await batcher.submit(14) }
            batcher.close()
        }
    }

    @Test func `what is corrupt for one request fails no neighbour`() async throws {
        let calls = Atomic(0)
        let batcher = makeBatcher(limit: 100) { requests throws(StoreError) in
            calls.add(1, ordering: .relaxed)
            if requests.contains(13) { throw .corrupt("13") }
            return requests
        }
        try await withThrowingTaskGroup { group in
            for number in 0..<64 where number != 13 {
                group.addTask { try await expect(batcher, number, answers: number) }
            }
            group.addTask { await #expect(throws: StoreError.self) { try await batcher.submit(13) } }
            try await queued(64, at: batcher)
            batcher.close()
            await batcher.run()
            try await group.waitForAll()
        }
        #expect(calls.load(ordering: .relaxed) == 1 + 2 * 6)
    }

    @Test func `a store that answers too little is an error and not a hang`() async throws {
        let batcher = makeBatcher(limit: 10) { _ throws(StoreError) in [] }
        await withTaskGroup { group in
            group.addTask { await batcher.run() }
            await #expect(throws: StoreError.self) { try await batcher.submit(1) }
            batcher.close()
        }
    }

    @Test func `closing finishes what is queued and refuses what comes later`() async throws {
        let batcher = makeBatcher(limit: 10) { requests throws(StoreError) in requests }
        try await withThrowingTaskGroup { group in
            group.addTask { try await expect(batcher, 1, answers: 1) }
            try await queued(1, at: batcher)
            batcher.close()
            await batcher.run()
            try await group.waitForAll()
        }
        await #expect(throws: StoreError.self) { try await batcher.submit(2) }
    }

    @Test func `requests with the same key stay in order, however many lanes there are`() async throws {
        let seen = Mutex<[Int]>([])
        let batcher = Batcher<Int, Int>(
            lanes: 4, key: { $0 / 100 - 4 }, limit: 7,
            perform: { requests throws(StoreError) in
                await Task.yield()
                seen.withLock { $0.append(contentsOf: requests) }
                return requests
            })
        try await withThrowingTaskGroup { group in
            for index in 0..<160 {
                // Keys around zero: a hash may be negative.
                let request = index % 8 * 100 + index / 8
                group.addTask { try await expect(batcher, request, answers: request) }
                try await queued(index + 1, at: batcher)
            }
            batcher.close()
            await batcher.run()
            try await group.waitForAll()
        }
        let order = Dictionary(grouping: seen.withLock { $0 }) { $0 / 100 }
        #expect(order.count == 8)
        for (key, requests) in order { #expect(requests == (0..<20).map { key * 100 + $0 }) }
    }

    @Test func `a call that does not end holds up its own lane and no other`() async throws {
        let gate = Gate()
        let batcher = makeBatcher(lanes: 2, limit: 1) { requests throws(StoreError) in
            if requests == [2] { await gate.pass() }
            return requests
        }
        let answered = Counter()
        try await withThrowingTaskGroup { group in
            // Also when the test fails: nothing else ends what waits here.
            defer {
                gate.open()
                batcher.close()
            }
            group.addTask { await batcher.run() }
            group.addTask { try await expect(batcher, 2, answers: 2) }
            await gate.waitUntilReached()
            group.addTask { try await expect(batcher, 4, answers: 4) }
            try await queued(1, at: batcher)
            for number in [1, 3, 5] {
                group.addTask {
                    try await expect(batcher, number, answers: number)
                    answered.add()
                }
            }
            while answered.value < 3 {
                try Task.checkCancellation()
                await Task.yield()
            }
            #expect(batcher.queued == 1)
        }
        #expect(batcher.queued == 0)
    }

    @Test func `many callers on several lanes each get their own answer`() async throws {
        let batcher = makeBatcher(lanes: 3, limit: 7) { requests throws(StoreError) in
            await Task.yield()
            return requests.map { $0 + 1 }
        }
        try await withThrowingTaskGroup { group in
            group.addTask { await batcher.run() }
            try await withThrowingTaskGroup { callers in
                for number in 0..<5000 {
                    callers.addTask { try await expect(batcher, number, answers: number + 1) }
                }
                try await callers.waitForAll()
            }
            batcher.close()
            try await group.waitForAll()
        }
    }
}

private func expect(_ batcher: Batcher<Int, Int>, _ request: Int, answers expected: Int) async throws {
    let answer = try await batcher.submit(request)
    #expect(answer == expected)
}

/// With a key for each number.
private func makeBatcher(
    lanes: Int = 1, limit: Int, perform: @escaping @Sendable ([Int]) async throws(StoreError) -> [Int]
) -> Batcher<Int, Int> {
    Batcher(lanes: lanes, key: { $0 }, limit: limit, perform: perform)
}

/// Until so many requests wait.
private func queued(_ count: Int, at batcher: Batcher<Int, Int>) async throws {
    while batcher.queued < count {
        try Task.checkCancellation()
        await Task.yield()
    }
}
