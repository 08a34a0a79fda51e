import SealpostCore

extension Transaction {
    func outbox() throws -> [OutboxRecord] { try values(OutboxRecord.self, after: 0, in: .outbox) }

    func outboxRecord(_ number: Int64) throws -> OutboxRecord? { try value(number: number, in: .outbox) }

    func setOutbox(_ record: OutboxRecord) throws { try setValue(record, number: record.number, in: .outbox) }

    /// Changes an entry as it is now: receiving may have added to it since it was read.
    @discardableResult
    func updateOutbox(_ number: Int64, _ change: (inout OutboxRecord) throws -> Void) throws -> OutboxRecord {
        guard var record = try outboxRecord(number) else { throw ClientError.notFound("outbox entry \(number)") }
        try change(&record)
        try setOutbox(record)
        return record
    }

    /// Puts a message into the outbox.
    @discardableResult
    func queue(
        _ body: PlaintextBody, id: String, to recipient: Handle, due: Timestamp? = nil,
        devices: [DeviceNumber]? = nil, startsFresh: Bool = false, isAutomatic: Bool, now: Timestamp
    ) throws -> OutboxRecord {
        let record = OutboxRecord(
            number: try nextNumber(in: .outbox), id: id, recipient: recipient, body: body, created: now,
            due: max(due ?? now, now), devices: devices, startsFresh: startsFresh, isAutomatic: isAutomatic)
        try setOutbox(record)
        return record
    }

    /// The entries that may be tried now, in the order in which they are to go: by the time from which they are due.
    /// One that has to wait holds up what comes after it for the same recipient.
    ///
    /// - Parameter blocked: recipients that are not to be tried.
    func dueInOutbox(now: Timestamp, skipping blocked: Set<Handle>, ignoringBackoff: Bool) throws -> [OutboxRecord] {
        var blocked = blocked
        return try outbox().filter { $0.failure == nil && $0.due <= now }
            .sorted { ($0.due, $0.number) < ($1.due, $1.number) }
            .filter { record in
                if !record.isReady(now, ignoringBackoff: ignoringBackoff) { blocked.insert(record.recipient) }
                return !blocked.contains(record.recipient)
            }
    }

    /// Devices of an account that a message of this device goes to: all listed ones, without this one.
    func recipients(of handle: Handle, in list: SignedList) throws -> [DeviceNumber] {
        let own = try address()
        return list.devices.map(\.number).filter { handle != own.handle || $0 != own.device }
    }

    /// The deposit is on the server for every device: forgets the entry, keeps what was sent for a while, and lets
    /// one's own other devices know.
    func finish(_ record: OutboxRecord, syncID: String, now: Timestamp) throws {
        try remove(number: record.number, in: .outbox)
        let own = try device().handle
        guard !record.isAutomatic, record.recipient != own, record.devices == nil, let list = try contact(own)?.list,
            try !recipients(of: own, in: list).isEmpty
        else { return }
        let message = SyncedMessage(to: record.recipient, id: record.id, at: record.created, body: record.body)
        try queue(.sync(message), id: syncID, to: own, isAutomatic: true, now: now)
    }

    /// Keeps what an envelope held, by the id under which it was deposited.
    func keepSent(_ record: OutboxRecord, deposit: OutboxRecord.Deposit, now: Timestamp) throws {
        // Asking twice for what a request to send again said would go round in circles.
        if case .reset = record.body { return }
        let sent = SentRecord(
            envelope: deposit.id.description, id: record.id, recipient: record.recipient, body: record.body,
            devices: deposit.envelopes.map(\.device), sent: now)
        try setValue(sent, sent.envelope, in: .sent)
    }
}
