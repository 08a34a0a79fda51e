extension HTTPClient {
    /// What holds for every request of a client.
    package struct Configuration: Sendable {
        package enum Version: Sendable {
            case http1
            /// HTTP/2 where the server offers it in the TLS handshake, HTTP/1.1 otherwise.
            case negotiated
        }

        package var version: Version
        /// Connections to one host and port at a time; requests beyond it wait their turn. `nil`: no limit.
        package var maximumConnectionsPerHost: Int?
        /// Connections at a time, idle ones included; requests beyond it wait their turn. `nil`: no limit.
        package var maximumConnections: Int?
        /// Certificates to trust in place of the system's, a path to a PEM file.
        package var certificateAuthorityFile: String?
        /// Whether `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` are obeyed.
        package var usesProxyFromEnvironment: Bool

        package init(
            version: Version = .http1, maximumConnectionsPerHost: Int? = nil, maximumConnections: Int? = nil,
            certificateAuthorityFile: String? = nil, usesProxyFromEnvironment: Bool = false
        ) {
            self.version = version
            self.maximumConnectionsPerHost = maximumConnectionsPerHost
            self.maximumConnections = maximumConnections
            self.certificateAuthorityFile = certificateAuthorityFile
            self.usesProxyFromEnvironment = usesProxyFromEnvironment
        }

        /// Whether requests can have to wait for a connection.
        var limitsConnections: Bool {
            maximumConnectionsPerHost != nil || maximumConnections != nil
        }
    }
}
