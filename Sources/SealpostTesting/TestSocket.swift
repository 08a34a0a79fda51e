import Dispatch
import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A bare TCP connection, for clients that behave in ways of their own.
package final class TestSocket: Sendable {
    private let descriptor: Int32

    package init(port: Int) throws {
        #if canImport(Glibc)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    package func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw POSIXError(.EPIPE) }
            rest = rest.dropFirst(count)
        }
    }

    /// Shuts this side: the server reads the end of input.
    package func stopSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    package func close() {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    /// Reads a head without a body, as of `100 Continue`.
    package func receiveHead() async throws -> String {
        try await onThread { try self.read { $0.hasSuffix("\r\n\r\n") } }
    }

    /// Reads one answer with a `Content-Length`, on a connection that stays open.
    package func receiveAnswer() async throws -> String {
        try await onThread {
            try self.read { text in
                guard let end = text.firstRange(of: "\r\n\r\n"),
                    let length = text[..<end.lowerBound].firstMatch(of: #/(?i)\r\ncontent-length: (\d+)/#)
                else { return false }
                return text[end.upperBound...].utf8.count >= Int(length.1) ?? .max
            }
        }
    }

    /// Reads until the server closes.
    package func receiveAll() async throws -> String {
        try await onThread { try self.read { _ in false } }
    }

    private func read(until isOver: (String) -> Bool) throws -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = chunk.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            guard count >= 0 else { throw POSIXError(.ECONNRESET) }
            bytes += chunk[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            if count == 0 || isOver(text) { return text }
        }
    }

    /// Reading blocks, so it does not do it where the tests run.
    private func onThread(_ work: @escaping @Sendable () throws -> String) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try work() })
            }
        }
    }
}
