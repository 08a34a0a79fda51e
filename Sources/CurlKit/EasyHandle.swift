import CCurl

/// One libcurl easy handle with the memory that it points to; freed in `deinit` only.
///
/// Kept and used again from request to request: libcurl then keeps its buffers and its TLS sessions.
///
// Sendable: used by one party at a time. The caller that took it out of the pool prepares it; the command queue's lock
// hands it to the loop's thread; the loop gives it back by resuming the caller, which resets it and puts it back.
final class EasyHandle: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    init() throws(TransferError) {
        guard let raw = curl_easy_init() else {
            throw TransferError(.noResources, detail: "libcurl gave no handle")
        }
        self.raw = raw
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Forgets the request: its URL, headers and body are freed.
    func reset() {
        curl_easy_reset(raw)
        curl_slist_free_all(headerList)
        headerList = nil
    }

    /// What libcurl said about the last failure.
    func errorDetail(for code: CURLcode) -> String {
        errorText.pointee == 0 ? TransferError.text(of: code) : String(cString: errorText)
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func offset(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_get_offset(raw, info, &value) == CURLE_OK ? Int(value) : 0
    }
}

extension EasyHandle {
    /// Sets everything that `request` and `configuration` say; the handle is fresh or reset.
    func prepare(_ request: Request, _ configuration: HTTPClient.Configuration) throws(TransferError) {
        if let defect = request.defect {
            throw TransferError(.invalidRequest, detail: defect)
        }
        try check(ccurl_set_pointer(raw, CURLOPT_ERRORBUFFER, errorText))
        try check(ccurl_set_long(raw, CURLOPT_NOSIGNAL, 1))
        // A transfer that ends while its host is looked up leaves the look-up to itself. Without this the loop would
        // wait for it, and with it every other transfer.
        try check(ccurl_set_long(raw, CURLOPT_QUICK_EXIT, 1))
        try check(ccurl_set_string(raw, CURLOPT_PROTOCOLS_STR, "http,https"))
        try check(ccurl_set_string(raw, CURLOPT_URL, request.url))
        try check(ccurl_set_long(raw, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds))
        try check(ccurl_set_long(raw, CURLOPT_TIMEOUT_MS, request.timeout.wholeMilliseconds))
        // libcurl takes 0 for no limit; the transfer's own count catches what is left.
        try check(ccurl_set_offset(raw, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(max(request.maximumResponseBytes, 1))))
        try apply(configuration)
        try apply(method: request.method, body: request.body)
        try apply(headers: request.headers, hasBody: request.body != nil)
    }

    private func apply(_ configuration: HTTPClient.Configuration) throws(TransferError) {
        switch configuration.version {
        case .http1:
            try check(ccurl_set_long(raw, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)))
        case .negotiated:
            try check(ccurl_set_long(raw, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)))
            try check(ccurl_set_long(raw, CURLOPT_PIPEWAIT, 1))
        }
        if let file = configuration.certificateAuthorityFile {
            try check(ccurl_set_string(raw, CURLOPT_CAINFO, file))
        }
        if !configuration.usesProxyFromEnvironment {
            try check(ccurl_set_string(raw, CURLOPT_PROXY, ""))
        }
    }

    private func apply(method: String, body: [UInt8]?) throws(TransferError) {
        switch (method, body) {
        case ("GET", nil):
            return
        case ("HEAD", nil):
            try check(ccurl_set_long(raw, CURLOPT_NOBODY, 1))
            return
        case ("POST", nil), ("PUT", nil), ("PATCH", nil):
            try setBody([])
        case (_, let body?):
            try setBody(body)
        default:
            break
        }
        try check(ccurl_set_string(raw, CURLOPT_CUSTOMREQUEST, method))
    }

    /// libcurl copies the body, and sends it in one segment with the header when it is short.
    private func setBody(_ body: [UInt8]) throws(TransferError) {
        try check(ccurl_set_offset(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        let code = body.withUnsafeBytes { bytes in
            // An empty array may have no address, and libcurl takes that for "no body".
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return ccurl_set_string(raw, CURLOPT_COPYPOSTFIELDS, "")
            }
            return ccurl_set_string(raw, CURLOPT_COPYPOSTFIELDS, start.assumingMemoryBound(to: CChar.self))
        }
        try check(code)
    }

    private func apply(headers: [(name: String, value: String)], hasBody: Bool) throws(TransferError) {
        var namesContentType = false
        for (name, value) in headers {
            // libcurl takes "Name:" for "do not send this one" and "Name;" for an empty value.
            try appendHeader(value.isEmpty ? "\(name);" : "\(name): \(value)")
            namesContentType = namesContentType || name.lowercased() == "content-type"
        }
        if !namesContentType {
            try appendHeader("Content-Type:")
        }
        if hasBody {
            // No second round trip for a body over 1 MiB.
            try appendHeader("Expect:")
        }
        try check(ccurl_set_list(raw, CURLOPT_HTTPHEADER, headerList))
    }

    private func appendHeader(_ line: String) throws(TransferError) {
        guard let list = curl_slist_append(headerList, line) else {
            throw TransferError(.noResources, detail: "out of memory for headers")
        }
        headerList = list
    }

    private func check(_ code: CURLcode) throws(TransferError) {
        guard code == CURLE_OK else {
            throw TransferError(
                code: code, sent: false, tooLarge: false, limit: .total, detail: TransferError.text(of: code))
        }
    }
}
