import CCurl

/// Drives all transfers of a client. Made by the client, then used on the loop's thread only, and released there.
final class EventLoop {
    private static let transfersPerLane = 128

    private let queue: CommandQueue
    private let poller: Poller
    private let configuration: HTTPClient.Configuration
    private var lanes: [Lane] = []
    /// Free places, each by the number of its lane. A stack: the place left last, whose lane has a connection to use
    /// again, is taken first.
    private var places: [Int] = []
    private var running: [Transfer] = []
    private var deadlines = Deadlines()
    private var commands: [CommandQueue.Command] = []

    init(queue: CommandQueue, poller: Poller, configuration: HTTPClient.Configuration) throws(TransferError) {
        self.queue = queue
        self.poller = poller
        self.configuration = configuration
        guard addLane() else {
            throw TransferError(.noResources, detail: "libcurl gave no multi handle")
        }
    }

    /// Works until the queue is closed; then every transfer that still ran has failed with `closed`.
    func run() {
        let buffer = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: 256)
        defer { buffer.deallocate() }
        while queue.take(into: &commands) {
            let mayWait = commands.isEmpty
            obeyCommands()
            fireTimers()
            let timeout = mayWait ? untilNextDeadline() : .zero
            poller.wait(timeout: timeout, into: buffer) { event in
                if case .ready(let socket, let lane, let flags) = event {
                    lanes[lane].act(on: socket, flags: flags)
                    reap(lanes[lane])
                }
            }
        }
        obeyCommands()
        while let transfer = running.last {
            end(transfer, .closed, detail: "the client was closed")
        }
    }
}

extension EventLoop {
    private func obeyCommands() {
        for command in commands {
            switch command {
            case .start(let transfer): start(transfer)
            case .cancel(let transfer): end(transfer, .cancelled, detail: "cancelled")
            }
        }
        commands.removeAll(keepingCapacity: true)
    }

    private func start(_ transfer: Transfer) {
        let lane = takePlace()
        guard lane.add(transfer.easy) else {
            leavePlace(in: lane)
            transfer.finish(.failure(TransferError(.noResources, detail: "libcurl did not take the transfer")))
            return
        }
        transfer.started = .now
        transfer.phase = .running(lane, index: running.count)
        running.append(transfer)
        if configuration.limitsConnections {
            deadlines.insert(transfer, at: transfer.started + transfer.timeout)
        }
    }

    private func fireTimers() {
        let now = ContinuousClock.Instant.now
        for lane in lanes {
            if let deadline = lane.deadline, deadline <= now {
                lane.fire()
                reap(lane)
            }
        }
        while let transfer = deadlines.popExpired(now) {
            end(transfer, .timedOut(.total), detail: "timed out after \(transfer.timeout)")
        }
    }

    private func untilNextDeadline() -> Duration? {
        var next = deadlines.first
        for lane in lanes {
            if let deadline = lane.deadline, next.map({ deadline < $0 }) ?? true {
                next = deadline
            }
        }
        return next.map { ContinuousClock.Instant.now.duration(to: $0) }
    }

    /// Finishes the transfers that libcurl has ended.
    private func reap(_ lane: Lane) {
        while let (transfer, code) = lane.nextEnded() {
            remove(transfer)
            transfer.finish(transfer.outcome(of: code))
        }
    }

    /// Ends a transfer that libcurl has not ended. Nothing happens to one that does not run.
    private func end(_ transfer: Transfer, _ kind: TransferError.Kind, detail: String) {
        guard remove(transfer) else { return }
        let error = TransferError(kind, requestMayHaveBeenSent: transfer.mayHaveBeenSent, detail: detail)
        transfer.finish(.failure(error))
    }

    /// Takes a transfer out of its lane and off the list, whose last one moves to its place.
    @discardableResult
    private func remove(_ transfer: Transfer) -> Bool {
        guard case .running(let lane, let index) = transfer.phase else { return false }
        lane.remove(transfer.easy)
        let last = running.removeLast()
        if last !== transfer, case .running(let lastLane, _) = last.phase {
            running[index] = last
            last.phase = .running(lastLane, index: index)
        }
        leavePlace(in: lane)
        return true
    }
}

// MARK: Lanes
extension EventLoop {
    /// A place in a lane for one more transfer.
    private func takePlace() -> Lane {
        if !configuration.limitsConnections {
            if places.isEmpty { addLane() }
            if let index = places.popLast() { return lanes[index] }
        }
        // libcurl counts connections by multi handle, so with limits one lane is all there is. (Without limits this is
        // reached when there is no memory for another lane: a crowded one is slower, no more.)
        return lanes[0]
    }

    private func leavePlace(in lane: Lane) {
        if !configuration.limitsConnections { places.append(lane.index) }
    }

    @discardableResult
    private func addLane() -> Bool {
        guard let lane = Lane(index: lanes.count, poller: poller, configuration: configuration) else { return false }
        lanes.append(lane)
        if !configuration.limitsConnections {
            places.append(contentsOf: repeatElement(lane.index, count: Self.transfersPerLane))
        }
        return true
    }
}
