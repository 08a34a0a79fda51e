import Foundation
import SealpostTesting
import Synchronization

/// Between a node and its database: reads along what the node sends, and may keep it from the database, or the answer
/// from the node. In the clear, so not for connections with TLS.
final class DatabaseProxy: Sendable {
    enum Verdict: Sendable {
        case pass
        /// The database gets it, and the connection is cut when its answer comes: the node never gets that.
        case loseAnswer
        /// The database does not get it, nor anything that comes with it or behind it.
        case hold
    }

    /// Says what becomes of a statement: it is given the texts of its transaction so far, its own last.
    typealias Judge = @Sendable (_ statements: [String]) -> Verdict

    private struct State {
        var refuses = false
        var isFrozen = false
        var held = 0
        var lost = 0
        var statements: [String: Int] = [:]
        var pipes: [ObjectIdentifier: DatabasePipe] = [:]
    }

    let port: Int
    private let listener: Int32
    private let target: Int
    private let judge: Judge
    private let state = Mutex(State())

    /// Begins to listen.
    ///
    /// - Parameters:
    ///   - target: the database's port on 127.0.0.1.
    ///   - judge: what becomes of each statement.
    init(to target: Int, _ judge: @escaping Judge = { _ in .pass }) throws {
        self.target = target
        self.judge = judge
        port = try FreePort.find()
        listener = try LocalSocket.listen(port: port)
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while case let accepted = LocalSocket.accept(listener), accepted >= 0 {
                guard let self else {
                    close(accepted)
                    return
                }
                self.serve(accepted)
            }
        }
    }

    deinit {
        // Ends `accept`.
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// The URL of a database, as it is reached through here.
    func url(like database: String) -> String { database.replacing(":\(target)/", with: ":\(port)/") }

    /// Statements that were kept from the database.
    var held: Int { state.withLock { $0.held } }
    /// Answers that were kept from a node.
    var lost: Int { state.withLock { $0.lost } }

    /// How often a statement came that has this in its text.
    func count(of text: String) -> Int {
        state.withLock { $0.statements.filter { $0.key.contains(text) }.values.reduce(0, +) }
    }

    /// Whether new connections are closed at once, as if nobody listened.
    var refuses: Bool {
        get { state.withLock { $0.refuses } }
        set { state.withLock { $0.refuses = newValue } }
    }

    /// Whether nothing is passed on any more, while connections stay and new ones are taken: as of a machine that hangs.
    /// Not undone for the connections that had something to say meanwhile.
    var isFrozen: Bool {
        get { state.withLock { $0.isFrozen } }
        set { state.withLock { $0.isFrozen = newValue } }
    }

    /// Cuts every connection.
    func cutAll() {
        for pipe in state.withLock({ Array($0.pipes.values) }) { pipe.cut() }
    }

    private func serve(_ accepted: Int32) {
        guard !refuses, let server = try? LocalSocket.connect(port: target) else {
            close(accepted)
            return
        }
        let judge: Judge = { [weak self, judge] statements in
            let isFrozen = self?.state.withLock { state in
                if let last = statements.last { state.statements[last, default: 0] += 1 }
                return state.isFrozen
            }
            return isFrozen == true ? .hold : judge(statements)
        }
        let pipe = DatabasePipe(client: accepted, server: server, judge: judge) { [weak self] event in
            self?.state.withLock { state in
                switch event {
                case .held: state.held += 1
                case .lost: state.lost += 1
                }
            }
        }
        state.withLock { $0.pipes[ObjectIdentifier(pipe)] = pipe }
        pipe.run { [weak self] pipe in self?.state.withLock { $0.pipes[ObjectIdentifier(pipe)] = nil } }
    }
}
