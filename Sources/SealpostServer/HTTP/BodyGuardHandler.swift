import HTTPTypes
import NIOCore
import NIOHTTPTypes
import SealpostCore

/// Tells clients that wait for it to send their body (`Expect: 100-continue`, as curl does from 1 MiB), unless it would
/// be refused; and closes a connection whose body goes on and on after it was refused: what is left of a refused body
/// is read and dropped, but not for ever.
final class BodyGuardHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private let limit: Int
    private var received = 0

    /// - Parameter limit: the bytes of one body after which the connection closes.
    init(limit: Int) {
        self.limit = limit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            received = 0
            let length = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            if head.headerFields[.expect]?.lowercased() == "100-continue", length <= Limits.bodyBytes {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .end: received = 0
        case .body(let buffer): received += buffer.readableBytes
        }
        guard received <= limit else {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}
