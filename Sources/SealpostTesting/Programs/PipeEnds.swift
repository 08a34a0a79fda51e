import Foundation

/// A pipe whose ends no other program inherits.
struct PipeEnds: Sendable {
    let reader: Int32
    let writer: Int32

    init() throws {
        // No program starts between the two calls: it would keep the pipe open. (pipe2 is hidden from Swift.)
        let ends = try Spawn.lock.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw Failure("no pipe: \(String(cString: strerror(errno)))") }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            return ends
        }
        (reader, writer) = (ends[0], ends[1])
    }

    /// Blocks until all is written or nobody reads.
    func write(_ bytes: [UInt8]) { Self.write(bytes, to: writer) }

    static func write(_ bytes: [UInt8], to writer: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(writer, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}
