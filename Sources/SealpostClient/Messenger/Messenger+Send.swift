import SealpostCore

extension Messenger {
    /// Puts a message into the outbox; durable when it returns. Works offline.
    ///
    /// - Parameters:
    ///   - handle: the account; all its listed devices get it, and one's own other devices learn of it. One's own
    ///     handle reaches one's own other devices.
    ///   - time: not sent before; from then on it has 6 days.
    /// - Returns: the entry, whose `id` receipts will name. Throws `contentTooLarge`.
    @discardableResult
    public func send(
        _ content: OutgoingContent, to handle: Handle, at time: Timestamp? = nil
    ) async throws(ClientError) -> OutboxEntry {
        let id = environment.newID().description
        let now = environment.now()
        let record = try await profile.transaction { transaction in
            switch try transaction.device().phase {
            case .listed: break
            case .removed: throw ClientError.deviceRemoved
            case .registering, .signedIn, .pending: throw ClientError.devicePending
            }
            try transaction.checkSize(content.body)
            return try transaction.queue(content.body, id: id, to: handle, due: time, isAutomatic: false, now: now)
        }
        environment.reached(.messageQueued)
        return OutboxEntry(record)
    }

    /// What is on its way out, and what was given up, oldest first.
    public func outbox() async throws(ClientError) -> [OutboxEntry] {
        try await profile.transaction { try $0.outbox().map(OutboxEntry.init) }
    }

    /// Takes an entry out of the outbox. One that is encrypted may have reached the server already.
    public func cancelSending(_ number: Int64) async throws(ClientError) {
        try await sending.withLock { () throws(ClientError) in
            try await self.profile.transaction { transaction in
                guard try transaction.outboxRecord(number) != nil else {
                    throw ClientError.notFound("outbox entry \(number)")
                }
                try transaction.remove(number: number, in: .outbox)
            }
        }
    }

    /// Tries an entry that was given up, or that waits, again from now on; it has another 6 days, and is encrypted
    /// anew because the server may have forgotten the id of what was deposited.
    public func retrySending(_ number: Int64) async throws(ClientError) {
        let now = environment.now()
        try await sending.withLock { () throws(ClientError) in
            try await self.profile.transaction { transaction in
                guard var record = try transaction.outboxRecord(number) else {
                    throw ClientError.notFound("outbox entry \(number)")
                }
                if record.failure != nil {
                    record.failure = nil
                    record.claim = nil
                    record.deposit = nil
                    record.due = now
                }
                record.nextAttempt = nil
                record.attempts = 0
                try transaction.setOutbox(record)
            }
        }
    }

    /// Sends what is due, in order per recipient, until nothing is left or nothing can go now.
    ///
    /// A recipient that cannot be reached holds up only its own queue; a server that cannot be reached ends the pass.
    /// What goes wrong with an entry is in the report and in `outbox()`; thrown are `rolledBack`, `signedOut`,
    /// `devicePending`, `deviceRemoved`, profile errors and cancellation.
    ///
    /// - Parameter ignoringBackoff: also tries entries whose next attempt is not due yet, as a person would want.
    public func drainOutbox(ignoringBackoff: Bool = false) async throws(ClientError) -> OutboxReport {
        let report = try await sending.withLock { () throws(ClientError) in
            try await self.drain(ignoringBackoff: ignoringBackoff)
        }
        // A device that only sends has keys to care for, too; that the server can be reached is known now.
        if !report.deposited.isEmpty { try await upkeep() }
        return report
    }

    private func drain(ignoringBackoff: Bool) async throws(ClientError) -> OutboxReport {
        var report = OutboxReport()
        var blocked: Set<Handle> = []
        // Sending may queue more (what one's own other devices are told), so look again until nothing is left.
        while true {
            let (now, skipping) = (environment.now(), blocked)
            let due = try await profile.transaction { transaction in
                try transaction.dueInOutbox(now: now, skipping: skipping, ignoringBackoff: ignoringBackoff)
            }
            if due.isEmpty { return try await finish(report) }
            for record in due where !blocked.contains(record.recipient) {
                if Task.isCancelled { throw .cancelled }
                switch try await attempt(record) {
                case .deposited: report.deposited.append(record.number)
                case .givenUp: report.failed.append(record.number)
                case .waits(let reason, let isServerGone):
                    report.lastError = report.lastError ?? reason
                    blocked.insert(record.recipient)
                    if isServerGone { return try await finish(report) }
                }
            }
        }
    }

    private func finish(_ report: OutboxReport) async throws(ClientError) -> OutboxReport {
        let waiting = try await profile.transaction { try $0.outbox() }.filter { $0.failure == nil }
        var report = report
        report.waiting = waiting.count
        report.nextAttempt = waiting.map { max($0.due, $0.nextAttempt ?? $0.due) }.min()
        return report
    }
}
