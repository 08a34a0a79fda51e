/// Why there is no answer.
package struct TransferError: Error, Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// The request itself cannot be sent: bad URL, scheme, method or header.
        case invalidRequest
        case couldNotResolve
        case couldNotConnect
        case timedOut(Limit)
        /// The handshake failed, or the certificate is not one to trust for this host.
        case tls
        /// The body is longer than the request allows, or the header is longer than 256 KiB.
        case responseTooLarge
        /// The connection broke before the whole answer was there.
        case connectionLost
        /// What came is not HTTP.
        case invalidResponse
        /// The task that waited was cancelled.
        case cancelled
        /// The client was closed.
        case closed
        /// Out of memory, descriptors or threads, or a libcurl without something that is needed.
        case noResources
    }

    /// The timeout of the request that ran out.
    package enum Limit: Hashable, Sendable {
        case connect
        case total
    }

    package let kind: Kind
    /// False only when surely not one byte of the request went out, so that sending it again cannot do anything twice.
    package let requestMayHaveBeenSent: Bool
    /// What libcurl said, for people. Has host and port at most, never the rest of the URL, a header or a body.
    package let detail: String

    init(_ kind: Kind, requestMayHaveBeenSent: Bool = false, detail: String) {
        self.kind = kind
        self.requestMayHaveBeenSent = requestMayHaveBeenSent
        self.detail = detail
    }
}

extension TransferError: CustomStringConvertible {
    package var description: String {
        let sent = requestMayHaveBeenSent ? "the request may have been sent" : "the request was not sent"
        return "\(kind): \(detail) (\(sent))"
    }
}
