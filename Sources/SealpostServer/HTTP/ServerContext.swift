import Hummingbird
import Logging
import NIOCore

/// What goes with a request through middleware and routes.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// Names the request in the logs and in `X-Request-Id`: the caller's own if it sent a sane one.
    package private(set) var requestID: String
    /// The connection: one request at a time.
    package let channel: any Channel
    /// The other end of the connection.
    package var peer: SocketAddress? { channel.remoteAddress }

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
        requestID = ""
        adopt(requestID: RequestID().description)
    }

    /// Goes on under this id.
    mutating func adopt(requestID: String) {
        self.requestID = requestID
        // Hummingbird's own key, so that its lines and ours carry the same id.
        logger[metadataKey: "hb.request.id"] = .string(requestID)
    }
}
