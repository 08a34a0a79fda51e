import Foundation
import Synchronization

/// What a program writes into one of its pipes, as it comes.
package final class Collected: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd = false
        /// Where the line begins that `nextLine` returns next.
        var nextLine = 0
        var waiters: [(isMet: Condition, continuation: CheckedContinuation<Bool, Never>)] = []
    }

    private typealias Condition = @Sendable (_ written: [UInt8]) -> Bool

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

    package var bytes: [UInt8] { state.withLock { $0.bytes } }
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Waits for the program to close the pipe.
    package func end() async { await ended.value }

    /// Ends every wait, whoever still has the pipe.
    func giveUp() { take([]) }

    /// Waits until `text` was written; false if the pipe closed without it.
    package func contains(_ text: String) async -> Bool {
        await holds { String(decoding: $0, as: UTF8.self).contains(text) }
    }

    /// Waits for the line after the one returned last; nil if the pipe closed before its end. For one reader.
    package func nextLine() async -> String? {
        let start = state.withLock { $0.nextLine }
        guard await holds({ $0[start...].contains(0x0A) }) else { return nil }
        return state.withLock { state in
            let line = state.bytes[start...].prefix { $0 != 0x0A }
            state.nextLine = line.endIndex + 1
            return String(decoding: line, as: UTF8.self)
        }
    }

    private func holds(_ isMet: @escaping Condition) async -> Bool {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Bool? in
                if isMet(state.bytes) { return true }
                if state.isAtEnd { return false }
                state.waiters.append((isMet, continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func take(_ data: ArraySlice<UInt8>) {
        let answered = state.withLock { state in
            state.bytes += data
            state.isAtEnd = state.isAtEnd || data.isEmpty
            let (bytes, isAtEnd) = (state.bytes, state.isAtEnd)
            let waiters = state.waiters.map { ($0, answer: $0.isMet(bytes) ? true : isAtEnd ? false : nil) }
            state.waiters = waiters.filter { $0.answer == nil }.map(\.0)
            return waiters.compactMap { waiter, answer in answer.map { (waiter.continuation, $0) } }
        }
        for (continuation, answer) in answered { continuation.resume(returning: answer) }
        if data.isEmpty { ended.keep(()) }
    }
}
