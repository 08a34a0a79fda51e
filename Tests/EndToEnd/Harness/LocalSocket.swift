import Foundation
import SealpostTesting

/// Blocking TCP on 127.0.0.1, on descriptors.
enum LocalSocket {
    static func listen(port: Int) throws -> Int32 {
        let descriptor = try make()
        guard with(port, { bind(descriptor, $0, $1) }) == 0, Foundation.listen(descriptor, 128) == 0 else {
            close(descriptor)
            throw Failure("cannot listen on port \(port) (errno \(errno))")
        }
        return descriptor
    }

    static func connect(port: Int) throws -> Int32 {
        let descriptor = try make()
        guard with(port, { Foundation.connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw Failure("nobody listens on port \(port) (errno \(errno))")
        }
        return descriptor
    }

    /// The next connection; negative when the socket is shut down.
    static func accept(_ listener: Int32) -> Int32 {
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            if descriptor >= 0 { hide(descriptor) }
            if descriptor >= 0 || errno != EINTR { return descriptor }
        }
    }

    /// What comes next; nil when nothing more does.
    static func read(_ descriptor: Int32) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Array(piece[..<count]) : nil
        }
    }

    /// False if nobody takes it any more.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    private static func make() throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure("no socket (errno \(errno))") }
        hide(descriptor)
        return descriptor
    }

    /// From programs that are started.
    private static func hide(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

    private static func with(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
