import Foundation
import Synchronization

/// One connection through a `DatabaseProxy`: a thread each way.
final class DatabasePipe: Sendable {
    enum Event: Sendable {
        case held, lost
    }

    private struct State {
        /// Threads that still use the descriptors.
        var threads = 2
        var losesAnswer = false
    }

    private let client: Int32
    private let server: Int32
    private let judge: DatabaseProxy.Judge
    private let report: @Sendable (Event) -> Void
    private let state = Mutex(State())

    init(
        client: Int32, server: Int32, judge: @escaping DatabaseProxy.Judge,
        report: @escaping @Sendable (Event) -> Void
    ) {
        self.client = client
        self.server = server
        self.judge = judge
        self.report = report
    }

    /// Starts it; `onEnd` is called when both sides are closed.
    func run(onEnd: @escaping @Sendable (DatabasePipe) -> Void) {
        let ways = [{ @Sendable in self.sendQueries() }, { @Sendable in self.sendAnswers() }]
        for way in ways {
            Thread.detachNewThread {
                way()
                self.cut()
                guard
                    self.state.withLock({ state in
                        state.threads -= 1
                        return state.threads == 0
                    })
                else { return }
                close(self.client)
                close(self.server)
                onEnd(self)
            }
        }
    }

    /// Ends both ways. Only while it runs.
    func cut() {
        state.withLock { state in
            guard state.threads > 0 else { return }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    private func sendQueries() {
        var reader = StatementReader()
        var transaction: [String] = []
        while let bytes = LocalSocket.read(client) {
            let verdicts = reader.take(bytes).map { text in
                if text.hasPrefix("BEGIN") { transaction = [] }
                transaction.append(text)
                return judge(transaction)
            }
            if verdicts.contains(.hold) {
                report(.held)
                // Until the node goes, or is cut off.
                while LocalSocket.read(client) != nil {}
                return
            }
            if verdicts.contains(.loseAnswer) { state.withLock { $0.losesAnswer = true } }
            guard LocalSocket.write(bytes, to: server) else { return }
        }
    }

    private func sendAnswers() {
        while let bytes = LocalSocket.read(server) {
            if state.withLock({ $0.losesAnswer }) { return report(.lost) }
            guard LocalSocket.write(bytes, to: client) else { return }
        }
    }
}

/// Finds in what a client sends the texts of the statements that it runs, also of those that it prepared before.
struct StatementReader {
    private var buffer: [UInt8] = []
    private var isStarted = false
    private var prepared: [[UInt8]: String] = [:]

    /// The texts of the statements that are complete with these bytes, once each time they are run.
    mutating func take(_ bytes: [UInt8]) -> [String] {
        buffer += bytes
        var texts: [String] = []
        var start = 0
        // Messages at the start of a connection have no type in front.
        while case let header = isStarted ? 1 : 0, buffer.count - start >= header + 4 {
            let length = Self.number(buffer[(start + header)...])
            guard buffer.count - start >= header + length, length >= 4 else { break }
            let body = buffer[(start + header + 4)..<(start + header + length)]
            if isStarted {
                take(buffer[start], body, &texts)
            } else if Self.number(body) >> 16 == 3 {
                isStarted = true
            }
            start += header + length
        }
        buffer.removeFirst(start)
        return texts
    }

    private mutating func take(_ type: UInt8, _ body: ArraySlice<UInt8>, _ texts: inout [String]) {
        let strings = body.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        guard let first = strings.first else { return }
        switch type {
        case UInt8(ascii: "Q"):
            texts.append(String(decoding: first, as: UTF8.self))
        case UInt8(ascii: "P") where strings.count > 1:
            prepared[Array(first)] = String(decoding: strings[1], as: UTF8.self)
        case UInt8(ascii: "B") where strings.count > 1:
            if let text = prepared[Array(strings[1])] { texts.append(text) }
        default: break
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
    }
}
