import Dispatch
import FoundationEssentials

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Bytes over a socket, for requests that no HTTP client would send.
enum RawConnection {
    /// Sends `text`, optionally closes the sending side, and returns what comes back until a final answer is complete,
    /// the server closes, or nothing comes for `patience` seconds.
    ///
    /// - Parameter onFirst: called when the first bytes come back.
    static func exchange(
        port: Int, _ text: String, hangUp: Bool = false, patience: Int = 30,
        onFirst: @escaping @Sendable () -> Void = {}
    ) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: blocking(port, text, hangUp, patience, onFirst))
            }
        }
    }

    private static func blocking(
        _ port: Int, _ text: String, _ hangUp: Bool, _ patience: Int, _ onFirst: () -> Void
    ) -> String {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return "" }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        if hangUp { shutdown(file, Int32(SHUT_WR)) }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = read(file, &buffer, buffer.count), count > 0 {
            if received.isEmpty { onFirst() }
            received += buffer[..<count]
            if isComplete(String(decoding: received, as: UTF8.self)[...]) { break }
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether the text ends with an answer that is not interim and has as many bytes as it says.
    private static func isComplete(_ text: Substring) -> Bool {
        guard let end = text.range(of: "\r\n\r\n") else { return false }
        let (head, body) = (text[..<end.lowerBound].lowercased(), text[end.upperBound...])
        if head.hasPrefix("http/1.1 1") { return isComplete(body) }
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }?.split(separator: " ").last
        return length.flatMap { Int($0) }.map { body.utf8.count >= $0 } ?? false
    }
}
