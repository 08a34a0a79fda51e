import PostgresKit
import SealpostCore
import SealpostStore
import SodiumKit
import Synchronization

/// Wakes by NOTIFY and LISTEN, each on a connection of its own, never in a transaction that does something else: NOTIFY
/// makes commits wait for each other.
final class PostgresWakeChannel: WakeChannel {
    private static let channel = "sealpost_wakes"
    /// At most a hundred messages a second from a node; what comes meanwhile shares the next one.
    private static let pause = Duration.milliseconds(10)
    /// Wakes that wait for a database that is away; beyond that they are lost, and re-checks find what they told.
    private static let backlog = 20_000

    private struct Outgoing {
        var wakes: Set<RemoteWake> = []
        var sender: CheckedContinuation<Void, Never>?
    }

    /// Marks this node's messages.
    private let node = Random.bytes(6).map { String($0, radix: 36) }.joined()
    private let pool: PostgresPool
    private let listening: PostgresSettings
    private let listensElsewhere: Bool
    private let outgoing = Mutex(Outgoing())

    /// - Parameters:
    ///   - sending: of the store
    ///   - url: the primary itself, if the store goes through a pooler
    init(sending: PostgresSettings, listening url: String?) {
        var notifying = sending
        // A wake need not be on a disk to be heard.
        notifying.preparation = ["SELECT set_config('synchronous_commit', 'off', false)"]
        pool = PostgresPool(notifying, limit: 1)
        var listening = sending
        listening.url = url ?? sending.url
        listening.applicationName = "sealpost listen"
        listening.preparation = []
        self.listening = listening
        listensElsewhere = listening.url != sending.url
    }

    /// Whether the connection to listen on is a session of its own; see `PostgresSettings.keepsSessions`. One that cannot
    /// be had now is not needed now either.
    func keepsSessions() async throws -> Bool {
        guard listensElsewhere else { return true }
        do {
            return try await listening.keepsSessions()
        } catch is PostgresError {
            return true
        }
    }

    func publish(_ wakes: [RemoteWake]) {
        let sender = outgoing.withLock { outgoing in
            guard outgoing.wakes.count < Self.backlog else { return nil as CheckedContinuation<Void, Never>? }
            outgoing.wakes.formUnion(wakes)
            return outgoing.sender.take()
        }
        sender?.resume()
    }

    func run(_ handle: @escaping @Sendable (WakeEvent) -> Void) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.listen(handle) }
            group.addTask { await self.send() }
        }
    }

    func close() async { await pool.close() }

    // MARK: Hearing

    private func listen(_ handle: @escaping @Sendable (WakeEvent) -> Void) async {
        let node = node
        let listener: PostgresListener
        do throws(PostgresError) {
            listener = try PostgresListener(listening, channels: [Self.channel])
        } catch {
            handle(.disconnected(error.description))
            return
        }
        await listener.run { event in
            switch event {
            case .connected: handle(.connected)
            case .disconnected(let error): handle(.disconnected(error.description))
            case .notification(let notification):
                let message = WakeMessage(notification.payload)
                if message.node != node, !message.wakes.isEmpty { handle(.woken(message.wakes)) }
            }
        }
    }

    // MARK: Sending

    private func send() async {
        while !Task.isCancelled {
            await waitForWakes()
            await sendPending()
            try? await Task.sleep(for: Self.pause)
        }
        // A node that leaves still tells of its last deposits: in a task that is not the cancelled one.
        await Task { await sendPending() }.value
    }

    private func sendPending() async {
        let wakes = outgoing.withLock { outgoing in
            defer { outgoing.wakes = [] }
            return outgoing.wakes
        }
        guard !wakes.isEmpty else { return }
        let texts = WakeMessage.texts(of: wakes, from: node)
        do {
            try await pool.perform { session in
                _ = try session.pipeline(texts.map { "SELECT pg_notify(\(Self.channel), \($0))" })
            }
        } catch {
            publish(Array(wakes))
        }
    }

    private func waitForWakes() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (sender: CheckedContinuation<Void, Never>) in
                let hasWork = outgoing.withLock { outgoing in
                    guard outgoing.wakes.isEmpty, !Task.isCancelled else { return true }
                    outgoing.sender = sender
                    return false
                }
                if hasWork { sender.resume() }
            }
        } onCancel: {
            outgoing.withLock { $0.sender.take() }?.resume()
        }
    }
}
