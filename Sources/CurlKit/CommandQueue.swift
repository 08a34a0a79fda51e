import Synchronization

/// What callers share with the loop's thread, under one short lock: commands on their way, and idle handles.
final class CommandQueue: Sendable {
    enum Command {
        case start(Transfer)
        case cancel(Transfer)
    }

    fileprivate struct State {
        var commands: [Command] = []
        var handles: [EasyHandle] = []
        /// The loop waits, or is about to: whoever adds a command has to wake it.
        var isAsleep = false
        var isClosed = false
    }

    private enum Admission {
        case admitted(wake: Bool)
        case refused(TransferError)
    }

    private static let maximumIdleHandles = 1024

    private let state = Mutex(State())
    private let poller: Poller

    init(poller: Poller) {
        self.poller = poller
    }
}

// For callers, on any thread.
extension CommandQueue {
    /// A fresh or reset handle.
    func takeHandle() throws(TransferError) -> EasyHandle {
        if let handle = state.withLock({ $0.handles.popLast() }) {
            return handle
        }
        return try EasyHandle()
    }

    /// Gives a handle back, which no lane has any more.
    func giveBack(_ handle: EasyHandle) {
        handle.reset()
        state.withLock {
            if $0.handles.count < Self.maximumIdleHandles {
                $0.handles.append(handle)
            }
        }
    }

    /// Starts the transfer, or tells its continuation why not.
    func start(_ transfer: Transfer) {
        let admission = state.withLock { state -> Admission in
            if state.isClosed {
                return .refused(TransferError(.closed, detail: "the client is closed"))
            }
            // Looked at under the lock: a cancellation from here on finds the transfer before it in the queue.
            if Task.isCancelled {
                return .refused(TransferError(.cancelled, detail: "cancelled before it began"))
            }
            return .admitted(wake: state.add(.start(transfer)))
        }
        switch admission {
        case .admitted(let wake):
            if wake { poller.wake() }
        case .refused(let error):
            transfer.finish(.failure(error))
        }
    }

    /// Ends the transfer if it is running; one that never started, or has ended, is left alone.
    func cancel(_ transfer: Transfer) {
        if state.withLock({ $0.isClosed ? false : $0.add(.cancel(transfer)) }) {
            poller.wake()
        }
    }

    /// Ends the loop. What was started before is ended by it.
    func close() {
        state.withLock { $0.isClosed = true }
        poller.wake()
    }
}

// For the loop's thread.
extension CommandQueue {
    /// Swaps the commands into `commands` (which is empty); when there are none, callers wake the loop from now on.
    /// Returns false once the queue is closed.
    func take(into commands: inout [Command]) -> Bool {
        state.withLock { state in
            swap(&state.commands, &commands)
            state.isAsleep = commands.isEmpty
            return !state.isClosed
        }
    }
}

extension CommandQueue.State {
    /// Returns whether the loop has to be woken.
    fileprivate mutating func add(_ command: CommandQueue.Command) -> Bool {
        commands.append(command)
        defer { isAsleep = false }
        return isAsleep
    }
}
