/// One HTTP request, complete before it is sent.
package struct Request: Sendable {
    /// The method's token, sent as it is: `GET`, `PUT`, …
    package var method: String
    /// An absolute `http` or `https` URL; what needs percent encoding is encoded already.
    package var url: String
    /// Sent in this order, beside `Host`, `Accept` and `Content-Length`, which libcurl adds.
    package var headers: [(name: String, value: String)]
    /// `nil` sends no body; methods that promise one (`POST`, `PUT`, `PATCH`) then send an empty one.
    package var body: [UInt8]?
    /// The longest that name resolution, connecting and the TLS handshake may take together, in whole milliseconds.
    package var connectTimeout: Duration
    /// The longest from the start until the last byte of the answer, in whole milliseconds; waiting for a free
    /// connection counts.
    package var timeout: Duration
    /// An answer whose body is longer ends the transfer with `responseTooLarge`.
    package var maximumResponseBytes: Int

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        connectTimeout: Duration = .seconds(10), timeout: Duration = .seconds(30),
        maximumResponseBytes: Int = 8 * 1024 * 1024
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.maximumResponseBytes = maximumResponseBytes
    }
}

extension Request {
    /// What would let a caller's data change the shape of the request, in words; `nil` when there is nothing.
    var defect: String? {
        guard !method.isEmpty, method.utf8.allSatisfy(isTokenByte) else { return "the method is not a token" }
        guard method != "HEAD" || body == nil else { return "HEAD has no body" }
        guard !url.isEmpty, url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            return "the URL is empty or has spaces or control characters"
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else { return "a header's name is not a token" }
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return "the value of header \(name) has control characters"
            }
        }
        return nil
    }
}

/// `tchar` of RFC 9110 §5.6.2.
private func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default:
        "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

extension Duration {
    /// What libcurl takes: at least 1, because 0 means no limit to it, and at most a bit over 24 days.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < Int64(Int32.max) / 1000 else { return Int(Int32.max) }
        return Swift.max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
