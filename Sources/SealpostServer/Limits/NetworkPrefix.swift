import NIOCore

/// Where a request comes from, as coarse as limits need it: an IPv4 address, or the /64 of an IPv6 address.
///
/// Taken from the connection: `X-Forwarded-For` is anyone's to write.
package struct NetworkPrefix: Sendable, Hashable {
    private let bytes: [UInt8]

    /// - Parameter peer: nil, or a local socket: all of those count as one place.
    package init(_ peer: SocketAddress?) {
        switch peer {
        case .v4(let address):
            bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            let all = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let isMappedIPv4 = all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xff && all[11] == 0xff
            bytes = isMappedIPv4 ? Array(all[12...]) : Array(all[..<8])
        case .unixDomainSocket, nil:
            bytes = []
        }
    }
}
