import CCurl

extension TransferError {
    /// What a libcurl result code means to a caller.
    ///
    /// - Parameters:
    ///   - tooLarge: the transfer refused bytes beyond its limit, which libcurl reports as a write error.
    ///   - limit: the timeout that had run out, should the code be the one for timeouts.
    init(code: CURLcode, sent: Bool, tooLarge: Bool, limit: Limit, detail: String) {
        let kind: Kind =
            switch code {
            case CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_UNSUPPORTED_PROTOCOL: sent ? .invalidResponse : .invalidRequest
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
            case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: .couldNotConnect
            case CURLE_OPERATION_TIMEDOUT: .timedOut(limit)
            case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
                CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
                CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED,
                CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_USE_SSL_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_CLIENTCERT:
                .tls
            case CURLE_FILESIZE_EXCEEDED: .responseTooLarge
            case CURLE_WRITE_ERROR: tooLarge ? .responseTooLarge : .invalidResponse
            case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .invalidResponse
            case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_UNKNOWN_OPTION,
                CURLE_BAD_FUNCTION_ARGUMENT:
                .noResources
            default: .connectionLost
            }
        self.init(kind, requestMayHaveBeenSent: sent, detail: detail)
    }

    static func text(of code: CURLcode) -> String {
        curl_easy_strerror(code).map { String(cString: $0) } ?? "libcurl error \(code.rawValue)"
    }
}
