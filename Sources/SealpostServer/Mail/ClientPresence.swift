import NIOCore
import NIOHTTPTypes
import Synchronization

/// Notices that a client hung up, or will send nothing more, while its answer is parked.
///
/// Hummingbird does not cancel a request's task when the connection closes, and its own way to ask for that ends the
/// connection after the answer; this handler keeps it for the next poll. HTTP/1.1 has one request at a time on a
/// connection, so there is at most one that watches.
final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler, Sendable {
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

    /// Does work that is cancelled when the client of the channel leaves.
    ///
    /// - Parameter condition: whether the work may take so long that it matters.
    static func whilePresent<Value: Sendable>(
        on channel: any Channel, if condition: Bool, _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard condition, let presence = try? await channel.pipeline.handler(type: Self.self).get() else {
            return try await work()
        }
        // Awaited right here: a task of its own only because that is what can be cancelled from outside.
        let task = Task { try await work() }
        presence.watch { task.cancel() }
        defer { presence.watch(nil) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Sets whom to call when the client leaves; calls at once if it has.
    private func watch(_ watcher: (@Sendable () -> Void)?) {
        let isGone = state.withLock { state in
            state.watcher = watcher
            return state.isGone
        }
        if isGone {
            watcher?()
        }
    }

    private func leave() {
        let watcher = state.withLock { state in
            state.isGone = true
            return state.watcher
        }
        watcher?()
    }
}
