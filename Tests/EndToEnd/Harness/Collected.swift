import Foundation
import Synchronization

/// What a program writes into one of its pipes, as it comes.
final class Collected: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        var waiters: [(text: String, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private let ends: PipeEnds
    private let state = Mutex(State())
    private let ended = Promise<Void>()

    init() throws {
        ends = try PipeEnds()
    }

    /// What the program gets; closed here by `begin`, once the program has it.
    var writer: Int32 { ends.writer }

    /// Reads on a thread of its own until everyone who writes has closed the pipe.
    func begin() {
        close(ends.writer)
        Thread.detachNewThread { [self] in
            var piece = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(ends.reader, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                take(piece.prefix(max(count, 0)))
                if count <= 0 { break }
            }
            close(ends.reader)
        }
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Waits for the program to close the pipe.
    func end() async { await ended.value }

    /// Ends every wait, whoever still has the pipe.
    func giveUp() { take([]) }

    /// Waits until `text` was written; false if the pipe closed without it.
    func contains(_ text: String) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if Self.holds(state, text) { return true }
                if state.isAtEnd { return false }
                state.waiters.append((text, continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func take(_ data: ArraySlice<UInt8>) {
        let answered = state.withLock { state in
            state.bytes += data
            state.isAtEnd = state.isAtEnd || data.isEmpty
            let waiters = state.waiters.map { (waiter: $0, holds: Self.holds(state, $0.text)) }
            let isAtEnd = state.isAtEnd
            state.waiters = waiters.filter { !$0.holds && !isAtEnd }.map(\.waiter)
            return waiters.filter { $0.holds || isAtEnd }.map { ($0.waiter.continuation, $0.holds) }
        }
        for (continuation, holds) in answered { continuation.resume(returning: holds) }
        if data.isEmpty { ended.keep(()) }
    }

    private static func holds(_ state: State, _ text: String) -> Bool {
        String(decoding: state.bytes, as: UTF8.self).contains(text)
    }
}
