import NIOCore
import NIOHTTPTypes
import SealpostDelivery
import Synchronization

/// Notices that a client hung up, or will send nothing more, while its answer is parked.
///
/// Hummingbird does not cancel a request's task when the connection closes, and its own way to ask for that ends the
/// connection after the answer; this handler keeps it for the next poll. HTTP/1.1 has one request at a time on a
/// connection, so there is at most one that watches.
final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler, Presence {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private struct State {
        var isGone = false
        var watcher: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    init() {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            leave()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    /// That of a connection.
    static func of(_ channel: any Channel) async -> ClientPresence? {
        if channel.eventLoop.inEventLoop {
            return try? channel.pipeline.syncOperations.handler(type: Self.self)
        }
        return try? await channel.pipeline.handler(type: Self.self).get()
    }

    var hasLeft: Bool { state.withLock(\.isGone) }

    func watch(_ onLeave: (@Sendable () -> Void)?) {
        state.withLock { $0.watcher = onLeave }
    }

    private func leave() {
        let watcher = state.withLock { state in
            state.isGone = true
            return state.watcher
        }
        watcher?()
    }
}
