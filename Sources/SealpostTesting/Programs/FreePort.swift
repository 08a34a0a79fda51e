import Foundation
import Synchronization

/// A port that nobody listens on, and that nobody gets by asking for any: it is below those that the system hands out.
package enum FreePort {
    private static let range: Range<UInt16> = 10_240..<32_768
    /// A port is given once in a run, so that tests beside each other never meet on one.
    private static let given = Mutex<Set<UInt16>>([])

    package static func find() throws -> Int {
        for _ in 0..<1000 {
            let port = UInt16.random(in: range)
            if given.withLock({ $0.insert(port).inserted }), isFree(port) { return Int(port) }
        }
        throw Failure("no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
