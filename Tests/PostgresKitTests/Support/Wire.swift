import Foundation
import SealpostTesting
import Synchronization

/// A line from a port of its own to a server's, that can be frozen, thawed and cut.
final class Wire: Sendable {
    /// What it does when a client says COMMIT.
    enum AtCommit: Sendable {
        case pass
        /// Cuts the connection, and the server does not hear it.
        case cutBefore
        /// Cuts the connection when the server has answered, and the client does not hear it.
        case cutAfter
        /// Freezes, and the server does not hear it.
        case freezeBefore
    }

    private struct State {
        /// The connections that came before this one are frozen.
        var frozen = 0
        var holding = 0
        var closed = 0
        var isEnded = false
        var sockets: Set<Int32> = []
        var accepted = 0
        var trips = 0
    }

    let port: Int
    private let server: Int
    private let listener: Int32
    private let atCommit: AtCommit
    private let state = Mutex(State())
    private let change = NSCondition()

    init(to server: Int, atCommit: AtCommit = .pass) throws {
        self.server = server
        self.atCommit = atCommit
        port = try FreePort.find()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard Self.address(port, { bind(listener, $0, $1) }) == 0, listen(listener, 64) == 0 else {
            throw Failure("cannot listen on \(port)")
        }
        Thread.detachNewThread { [self] in accept() }
    }

    /// Of the database `postgres` behind it.
    var url: String { "postgres://postgres@127.0.0.1:\(port)/postgres" }

    /// How often a client said something that the server has to answer at once (Sync).
    var trips: Int { state.withLock(\.trips) }

    /// How many connections came.
    var accepted: Int { state.withLock(\.accepted) }

    /// How many of them are over.
    var closed: Int { state.withLock(\.closed) }

    /// Whether somebody said something that is not passed on.
    var isHolding: Bool { state.withLock { $0.holding > 0 } }

    func freeze() { set { $0.frozen = .max } }
    /// Freezes what is connected now; who comes later gets through.
    func freezeConnected() { set { $0.frozen = $0.accepted } }
    func thaw() { set { $0.frozen = 0 } }

    /// Ends every connection.
    func cut() {
        let sockets = state.withLock(\.sockets)
        for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    func end() {
        set { ($0.isEnded, $0.frozen) = (true, 0) }
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    private func set(_ body: (inout State) -> Void) {
        change.lock()
        state.withLock { body(&$0) }
        change.broadcast()
        change.unlock()
    }

    private func waitForThaw(_ connection: Int) {
        change.lock()
        state.withLock { $0.holding += 1 }
        while state.withLock({ $0.frozen > connection }) { change.wait() }
        state.withLock { $0.holding -= 1 }
        change.unlock()
    }

    private func accept() {
        while true {
            let client = Foundation.accept(listener, nil, nil)
            guard client >= 0 else { break }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            Thread.detachNewThread { [self] in carry(client) }
        }
        close(listener)
    }

    private func carry(_ client: Int32) {
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let (connection, isEnded) = state.withLock { state in
            state.accepted += 1
            state.sockets.formUnion([client, upstream])
            return (state.accepted - 1, state.isEnded)
        }
        if !isEnded, Self.address(server, { connect(upstream, $0, $1) }) == 0 {
            let back = DispatchSemaphore(value: 0)
            let mute = Flag()
            Thread.detachNewThread { [self] in
                pump(connection, from: upstream, to: client) { _ in mute.isSet ? .cut : .pass }
                back.signal()
            }
            pump(connection, from: client, to: upstream) { bytes in
                if bytes.contains("S\0\0\0\u{4}") { state.withLock { $0.trips += 1 } }
                guard atCommit != .pass, bytes.contains("COMMIT\0") else { return .pass }
                switch atCommit {
                case .pass: return .pass
                case .cutBefore: return .cut
                case .cutAfter: mute.set()
                case .freezeBefore: freeze()
                }
                return .pass
            }
            back.wait()
        }
        state.withLock { state in
            // Under the lock: nobody shuts a descriptor that is somebody else's by now.
            state.sockets.subtract([client, upstream])
            state.closed += 1
            close(client)
            close(upstream)
        }
    }

    private enum Verdict {
        case pass
        case cut
    }

    private func pump(
        _ connection: Int, from source: Int32, to target: Int32, _ judge: (ArraySlice<UInt8>) -> Verdict
    ) {
        var piece = [UInt8](repeating: 0, count: 65_536)
        reading: while true {
            let count = recv(source, &piece, piece.count, 0)
            guard count > 0 else { break }
            if case .cut = judge(piece[..<count]) { break }
            waitForThaw(connection)
            var rest = piece[..<count]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { break reading }
                rest = rest.dropFirst(sent)
            }
        }
        waitForThaw(connection)
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }

    private static func address(_ port: Int, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                use($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

extension ArraySlice<UInt8> {
    fileprivate func contains(_ text: String) -> Bool { firstRange(of: Array(text.utf8)) != nil }
}
