import SealpostCore

extension Messenger {
    /// What became of one try to send an entry.
    enum Attempt: Sendable {
        case deposited
        case givenUp
        case waits(reason: String, isServerGone: Bool)
    }

    /// How often an entry is encrypted again in one try, because the recipient's devices changed meanwhile.
    private static let rounds = 3

    /// Takes an entry as far as it goes now.
    func attempt(_ listed: OutboxRecord) async throws(ClientError) -> Attempt {
        // A request to send again may have grown since the list was made.
        guard let record = try await profile.transaction({ try $0.outboxRecord(listed.number) }) else {
            return .deposited
        }
        if record.isOver(environment.now()) {
            return try await giveUp(record, record.lastError ?? "it could not be sent for 6 days")
        }
        do throws(ClientError) {
            try await ensureOpening()
            var current = record
            for _ in 0..<Self.rounds {
                guard let encrypted = try await encrypted(current) else { return .deposited }
                if encrypted.deposit?.id != current.deposit?.id { await opening.countSend() }
                switch try await deposit(encrypted) {
                case .done: return .deposited
                case .full(let left): return try await wait(left, "a mailbox of \(left.recipient) is full")
                case .again(let next): current = next
                }
            }
            return try await wait(current, "the devices of \(record.recipient) keep changing")
        } catch {
            return try await settle(record, error)
        }
    }

    /// Tells errors that time can heal from those that it cannot, and both from those that concern every entry.
    private func settle(_ record: OutboxRecord, _ error: ClientError) async throws(ClientError) -> Attempt {
        switch error {
        case .profile, .signedOut, .rolledBack, .devicePending, .deviceRemoved, .cancelled, .notAccountKeyHolder,
            .handlerFailed, .linkCodeMismatch:
            throw error
        case .unreachable:
            return try await wait(record, error.description, isServerGone: true)
        case .unexpectedAnswer, .untrusted:
            return try await wait(record, error.description)
        case .notFound, .contentTooLarge, .invalidArgument:
            return try await giveUp(record, error.description)
        case .refused(let problem):
            switch problem.code {
            case .notFound: return try await giveUp(record, "there is no account \(record.recipient)")
            case .rateLimited, .unavailable, .internalError:
                return try await wait(
                    record, error.description, retryAfter: problem.retryAfter.map { .seconds($0) },
                    isServerGone: problem.code == .unavailable)
            case .noDevices, .deviceMismatch, .idConflict, .mailboxFull:
                return try await wait(record, error.description)
            default:
                guard problem.status != 401 && problem.status != 403 else { throw error }
                return try await giveUp(record, error.description)
            }
        }
    }

    private func wait(
        _ record: OutboxRecord, _ reason: String, retryAfter: Duration? = nil, isServerGone: Bool = false
    ) async throws(ClientError) -> Attempt {
        let (now, jitter) = (environment.now(), environment.jitter())
        try await profile.transaction { transaction in
            try transaction.updateOutbox(record.number) { record in
                record.backOff(reason, retryAfter: retryAfter, now: now, jitter: jitter)
            }
        }
        return .waits(reason: reason, isServerGone: isServerGone)
    }

    private func giveUp(_ record: OutboxRecord, _ reason: String) async throws(ClientError) -> Attempt {
        try await profile.transaction { transaction in
            guard !record.isAutomatic else { return try transaction.remove(number: record.number, in: .outbox) }
            try transaction.updateOutbox(record.number) { record in
                record.failure = reason
                record.lastError = reason
            }
            try transaction.warn(.sendingFailed(entry: record.number, recipient: record.recipient, reason: reason))
        }
        return .givenUp
    }
}

// MARK: Depositing

extension Messenger {
    private enum DepositResult: Sendable {
        case done
        /// Some mailboxes were full: what is left goes under a new id.
        case full(OutboxRecord)
        /// It has to be encrypted again under a new id.
        case again(OutboxRecord)
    }

    private func deposit(_ record: OutboxRecord) async throws(ClientError) -> DepositResult {
        guard let deposit = record.deposit else { return .again(record) }
        let request = DepositRequest(
            envelopes: deposit.envelopes.map { .init(device: $0.device, content: $0.content) }, policy: deposit.policy)
        let answer: DepositAnswer
        do {
            answer = try await api.deposit(deposit.id, for: record.recipient, request)
        } catch {
            guard case .refused(let problem) = error, [.deviceMismatch, .idConflict].contains(problem.code) else {
                throw error
            }
            return .again(try await reconsider(record, problem))
        }
        environment.reached(.depositAnswered)
        let refused = Set(answer.outcomes.filter { $0.outcome == .refused }.map(\.device))
        let (now, syncID, nextID) = (environment.now(), environment.newID().description, environment.newID())
        let left: OutboxRecord? = try await profile.transaction { transaction in
            try transaction.keepSent(record, deposit: deposit, now: now)
            guard !refused.isEmpty else {
                try transaction.finish(record, syncID: syncID, now: now)
                return nil
            }
            return try transaction.updateOutbox(record.number) { record in
                record.stored += deposit.envelopes.map(\.device).filter { !refused.contains($0) }
                // These ciphertexts were never stored: they may go again, under an id of their own.
                record.deposit = .init(
                    id: nextID, envelopes: deposit.envelopes.filter { refused.contains($0.device) }, policy: .ignore)
            }
        }
        environment.reached(.depositNoted)
        return left.map { .full($0) } ?? .done
    }

    /// The server says that the recipient has other devices: looks at the list again and drops the ciphertexts.
    private func reconsider(_ record: OutboxRecord, _ problem: Problem) async throws(ClientError) -> OutboxRecord {
        let contact = try await refreshContact(record.recipient)
        let missing = (problem.missing ?? []).filter { contact.list.device($0) == nil }
        if let stranger = missing.first {
            // The server wants an envelope for a device that the account's owner never listed.
            let failure = TrustFailure(record.recipient, .unlistedDevice, "device \(stranger)")
            try await profile.transaction { try $0.warn(.trust(failure)) }
            throw .untrusted(failure)
        }
        return try await profile.transaction { transaction in
            try transaction.updateOutbox(record.number) { record in
                record.deposit = nil
                record.gone = Array(Set(record.gone + (problem.gone ?? [])))
            }
        }
    }
}
