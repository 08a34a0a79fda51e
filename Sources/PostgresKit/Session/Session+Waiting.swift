import CPostgres

extension PostgresSession {
    /// After so long the server is asked once more to end a statement: it forgets a request that comes while it has
    /// nothing to do, as when the statement is still on its way.
    private static var cancelInterval: Duration { .milliseconds(250) }

    /// Waits for the socket while a statement is under way. When it is interrupted the server is asked to end the
    /// statement, and the wait goes on for the answer to that, for so long as patience lasts.
    func wait(toWrite: Bool) throws(PostgresError) {
        while true {
            if let deadline, deadline <= .now { throw .timedOut }
            var wake = deadline
            if let interruption, interruption.isRaised, !isCommitting {
                let retry = try cancel(interruption)
                wake = min(deadline ?? retry, retry)
            }
            let events = toWrite ? POLLIN | POLLOUT : POLLIN
            if try bell.wait(for: events, of: PQsocket(handle), until: wake) == .socket { return }
        }
    }

    /// Asks the server, unless it was just asked; when to look again.
    private func cancel(_ interruption: Interruption) throws(PostgresError) -> ContinuousClock.Instant {
        guard interruption.effect == .cancelsStatement else {
            isBroken = true
            throw .cancelled
        }
        let now = ContinuousClock.now
        if let cancelling {
            let next = cancelling.since + Self.cancelInterval
            guard next <= now else { return next }
            // The bell rings when it is over.
            guard cancelling.request?.isOver != false else { return now + Self.cancelInterval }
        } else {
            deadline = min(deadline ?? now + patience, now + patience)
        }
        cancelling = (try? CancelRequest(to: handle, bell: bell), now)
        return now + Self.cancelInterval
    }

    /// Waits for the end of a request that is under way, so that it cannot hit the next statement; it is not worth more
    /// than a connection.
    func endCancelling() {
        let asked = cancelling?.request
        cancelling = nil
        guard let request = asked else { return }
        let limit = ContinuousClock.now + patience
        while !request.isOver, !isBroken {
            let event = try? bell.wait(of: -1, until: limit)
            if event == nil || event == .time { isBroken = true }
        }
    }

    /// Waits for notifications, at most so long. Returns early, with none, when the work is interrupted.
    func notifications(within timeout: Duration) throws(PostgresError) -> [PostgresNotification] {
        let deadline = ContinuousClock.now + timeout
        while true {
            var received: [PostgresNotification] = []
            while let notification = PQnotifies(handle) {
                defer { PQfreemem(notification) }
                received.append(
                    PostgresNotification(
                        channel: String(cString: notification.pointee.relname),
                        payload: String(cString: notification.pointee.extra), backend: notification.pointee.be_pid))
            }
            if !received.isEmpty || interruption?.isRaised == true { return received }
            switch try bell.wait(of: PQsocket(handle), until: deadline) {
            case .bell: continue
            case .time: return []
            case .socket: break
            }
            guard PQconsumeInput(handle) == 1 else {
                isBroken = true
                throw lost()
            }
        }
    }
}
