import SealpostCore

extension Messenger {
    /// Takes a message; what it throws keeps the message unacknowledged, and it is handed over again next time.
    public typealias Handler = @Sendable (Message) async throws -> Void

    /// One round of receiving: hands over what was stored before, asks the server once, stores what came, hands it
    /// over in order, and acknowledges what the handler took.
    ///
    /// A message is on disk before the handler sees it and acknowledged only after the handler returned; if the process
    /// dies in between, the handler gets it again. Everything that came is handed over: texts, receipts, what other
    /// devices sent, kinds that are not known, and what could not be decrypted. Call it in a loop to watch; it also
    /// drains the outbox.
    ///
    /// - Parameter wait: how long the server may wait for the first message, at most 55 s.
    /// - Returns: what happened; with `isPending` the device is not listed yet and has no mailbox.
    ///   Throws `handlerFailed` with the handler's error.
    @discardableResult
    public func receive(wait: Duration = .zero, _ handle: @escaping Handler) async throws(ClientError) -> ReceiveReport
    {
        try await receiving.withLock { () throws(ClientError) in try await self.round(wait: wait, handle) }
    }

    /// Messages on this device with a number greater than `number`, ascending.
    public func messages(after number: Int64 = 0, limit: Int = 100) async throws(ClientError) -> [Message] {
        try await profile.transaction { transaction in
            try transaction.values(InboxRecord.self, after: number, limit: limit, in: .inbox).map(\.message)
        }
    }

    private func round(wait: Duration, _ handle: Handler) async throws(ClientError) -> ReceiveReport {
        var report = ReceiveReport()
        let device = try await device()
        if device.phase == .removed { throw .deviceRemoved }
        guard device.phase == .listed else {
            try await awaitApproval(wait: wait, &report)
            return report
        }
        try await ensureOpening()
        try await retryHeld(&report)
        try await handOver(&report, handle)
        report.outbox = try await drainOutbox()
        let answer = try await poll(wait: report.handled > 0 ? .zero : wait)
        environment.reached(.mailFetched)
        try await learnSenders(of: answer.envelopes ?? [])
        try await store(answer, &report)
        environment.reached(.mailStored)
        try await checkTold()
        try await handOver(&report, handle)
        try await follow(answer)
        if report.stored > 0 { report.outbox.add(try await drainOutbox()) }
        report.more = answer.more ?? false
        report.retryAfter = answer.retryAfter.map { .seconds($0) }
        return report
    }

    /// Asks once; a server that knows less than this device has seen has lost something, which is told.
    private func poll(wait: Duration) async throws(ClientError) -> MailboxAnswer {
        let stored = try await profile.transaction { try $0.mailbox().stored }
        do {
            return try await api.mailbox(after: stored, limit: Limits.fetchItems, wait: wait)
        } catch {
            guard case .refused(let problem) = error, problem.code == .cursorAhead else { throw error }
        }
        try await profile.transaction { transaction in
            try transaction.warn(.serverStateLost)
            var mailbox = try transaction.mailbox()
            mailbox.stored = .start
            mailbox.acknowledged = .start
            try transaction.setMailbox(mailbox)
        }
        return try await api.mailbox(after: nil, limit: Limits.fetchItems, wait: .zero)
    }

    private func awaitApproval(wait: Duration, _ report: inout ReceiveReport) async throws(ClientError) {
        if try await checkApproval() { return }
        let answer = try await api.mailbox(after: nil, wait: wait)
        report.isPending = answer.mailbox == nil
        report.retryAfter = answer.retryAfter.map { .seconds($0) }
        if !report.isPending { try await refreshOwnList() }
    }
}

// MARK: Handing over

extension Messenger {
    /// Hands over, in order, what no handler has taken yet, and acknowledges it.
    private func handOver(_ report: inout ReceiveReport, _ handle: Handler) async throws(ClientError) {
        while true {
            let next = try await profile.transaction { transaction in
                let handled = try transaction.mailbox().handled
                return try transaction.values(InboxRecord.self, after: handled, limit: 1, in: .inbox).first
            }
            guard let next else { break }
            do {
                try await handle(next.message)
            } catch {
                try await acknowledge()
                throw .handlerFailed(error)
            }
            environment.reached(.messageHandled)
            try await profile.transaction { transaction in
                var record = next
                record.message.handled = true
                try transaction.setValue(record, number: record.message.number, in: .inbox)
                var mailbox = try transaction.mailbox()
                mailbox.handled = record.message.number
                try transaction.setMailbox(mailbox)
            }
            environment.reached(.handlingNoted)
            report.handled += 1
        }
        try await acknowledge()
    }

    /// Tells the server how far everything is stored here and handled.
    private func acknowledge() async throws(ClientError) {
        let through: Sequence? = try await profile.transaction { transaction in
            let mailbox = try transaction.mailbox()
            let waiting = try transaction.values(InboxRecord.self, after: mailbox.handled, in: .inbox)
            let through =
                waiting.map { Sequence($0.seq.value - 1) }.min().map { min($0, mailbox.stored) }
                ?? mailbox.stored
            return through > mailbox.acknowledged ? through : nil
        }
        guard let through else { return }
        do {
            _ = try await api.acknowledge(AckRequest(through: through))
        } catch {
            guard case .refused(let problem) = error, problem.code == .ackAhead else { throw error }
            try await profile.transaction { try $0.warn(.serverStateLost) }
        }
        environment.reached(.acknowledgementAnswered)
        try await profile.transaction { transaction in
            var mailbox = try transaction.mailbox()
            mailbox.acknowledged = max(mailbox.acknowledged, through)
            try transaction.setMailbox(mailbox)
        }
    }
}
