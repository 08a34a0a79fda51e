import CPostgres

/// What NOTIFY said to everybody who listens.
public struct PostgresNotification: Sendable, Hashable {
    public let channel: String
    public let payload: String
    /// The server process that sent it.
    public let backend: Int32
}

/// A connection that listens, on a thread of its own, and tells of its own outages.
public actor PostgresListener {
    public enum Event: Sendable, Hashable {
        /// It listens: what is sent from now on is heard.
        case connected
        case notification(PostgresNotification)
        /// It hears nothing until `connected`, and what was sent meanwhile never. Told again after each attempt to
        /// connect that failed.
        case disconnected(PostgresError)
    }

    private nonisolated let executor: ThreadExecutor
    private nonisolated let bell: Bell
    private let settings: PostgresSettings
    private let channels: [String]
    private let heartbeat: Duration

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - settings: of the primary itself: a pooler in between may hand the connection to others.
    ///   - channels: names that are written in the code.
    ///   - heartbeat: after so long without a word the server is asked for a sign of life; how long it may take for that
    ///     is the settings' `patience`.
    public init(
        _ settings: PostgresSettings, channels: [String], heartbeat: Duration = .seconds(5)
    ) throws(PostgresError) {
        executor = try ThreadExecutor()
        bell = try Bell()
        self.settings = settings
        self.channels = channels
        self.heartbeat = heartbeat
    }

    /// Listens until the task is cancelled, connecting again with growing pauses. `handle` is called on the listener's
    /// thread, and nothing is heard while it runs. One call at a time.
    public nonisolated func run(_ handle: @Sendable (Event) -> Void) async {
        let interruption = Interruption(.endsConnection, bell: bell)
        await withTaskCancellationHandler {
            await listen(until: interruption, handle)
        } onCancel: {
            interruption.raise()
        }
    }

    private func listen(until interruption: Interruption, _ handle: (Event) -> Void) {
        var backoff = Backoff()
        var random = SystemRandomNumberGenerator()
        while !interruption.isRaised {
            do throws(PostgresError) {
                let session = try PostgresSession(settings, bell: bell, interruption: interruption)
                _ = try session.pipeline(channels.map { Query(unsafeSQL: "LISTEN \($0)") })
                backoff.reset()
                handle(.connected)
                while !interruption.isRaised {
                    let received = try session.notifications(within: heartbeat)
                    for notification in received { handle(.notification(notification)) }
                    if received.isEmpty { _ = try session.pipeline(["SELECT 1"], within: settings.patience) }
                }
            } catch {
                guard !interruption.isRaised else { return }
                handle(.disconnected(error))
                pause(backoff.next(using: &random), until: interruption)
            }
        }
    }

    private func pause(_ duration: Duration, until interruption: Interruption) {
        let end = ContinuousClock.now + duration
        while !interruption.isRaised {
            // Without a bell it would not sleep either.
            guard let event = try? bell.wait(of: -1, until: end), event == .bell else { return }
        }
    }
}
