import Foundation
import SealpostTesting
import Synchronization
import Testing

/// What a load sent, what was answered, and what was read.
final class LoadLedger: Sendable {
    private struct Sent {
        let text: String
        let address: String
        var isTaken = false
    }

    private struct State {
        var sent: [String: Sent] = [:]
        /// Ids by mailbox, as they were read.
        var read: [String: [String]] = [:]
        var taken = 0
        var repeats = 0
        var refusals = 0
        var breaks = 0
        var longest = Duration.zero
        var lastTaken = ContinuousClock.now
        var lastRead = ContinuousClock.now
        var surprises: [String] = []
        var isOver = false
        var marks: [(count: Int, promise: Promise<Void>)] = []
    }

    private let state = Mutex(State())

    func sending(_ id: String, _ text: String, to address: String) {
        state.withLock { $0.sent[id] = Sent(text: text, address: address) }
    }

    func answered(_ status: Int, after duration: Duration) {
        state.withLock { state in
            if status == 503 { state.refusals += 1 }
            state.longest = max(state.longest, duration)
        }
    }

    /// Answers of 503.
    var refusals: Int { state.withLock { $0.refusals } }

    func broke() { state.withLock { $0.breaks += 1 } }

    /// Notes what may not happen.
    func note(_ surprise: String) { state.withLock { $0.surprises.append(surprise) } }

    func taken(_ id: String, isNew: Bool) {
        let reached = state.withLock { state in
            state.sent[id]?.isTaken = true
            state.taken += 1
            if !isNew { state.repeats += 1 }
            state.lastTaken = .now
            let taken = state.taken
            return state.marks.filter { $0.count == taken }
        }
        for mark in reached { mark.promise.keep(()) }
    }

    func read(_ envelope: JSON, from address: String) {
        let (id, content) = (envelope["id"].string ?? "", envelope["content"].bytes)
        state.withLock { state in
            state.lastRead = .now
            state.read[address, default: []].append(id)
            let sent = state.sent[id]
            if sent?.address != address || content != sent.map({ Foreign.envelope($0.text) }) {
                state.surprises.append("\(address) got what nobody sent there")
            }
        }
    }

    /// Waits until so many deposits were taken, or nothing more comes.
    func taken(_ count: Int) async {
        let promise = Promise<Void>()
        let isReached = state.withLock { state in
            state.marks.append((count, promise))
            return state.taken >= count || state.isOver
        }
        if !isReached { await promise.value }
    }

    func end() {
        let marks = state.withLock { state in
            state.isOver = true
            return state.marks
        }
        for mark in marks { mark.promise.keep(()) }
    }

    /// Checks it against itself and against what the mailboxes have, and prints what it came to.
    func check(_ load: Load, slowest: Duration, _ name: String) async throws {
        for reader in load.readers {
            let found = try await reader.device.mailbox()
            let ids = found.compactMap { $0["id"].string }
            #expect(found.compactMap { $0["seq"].integer } == Array(1...load.writers * load.deposits))
            let (sent, read) = state.withLock { ($0.sent, $0.read[reader.address] ?? []) }
            #expect(ids == read, "what was read is not what is there")
            #expect(Set(ids).count == ids.count, "an envelope is there twice")
            let taken = Set(sent.filter { $0.value.address == reader.address && $0.value.isTaken }.keys)
            #expect(taken.subtracting(ids).isEmpty, "a deposit that was answered 201 or 200 is gone")
        }
        state.withLock { state in
            #expect(state.surprises.prefix(5) == [])
            #expect(state.longest < slowest)
            // Nothing is told later than by the re-check.
            #expect(state.lastRead - state.lastTaken < .seconds(15))
            print(
                "\(name): \(state.taken) deposits, of them \(state.repeats) answered as repeated;",
                "\(state.refusals) answers of 503, \(state.breaks) broken connections, the longest answer",
                "\(state.longest.inMilliseconds) ms")
        }
    }
}

extension Duration {
    /// For people to read.
    var inMilliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
