import SealpostCore

extension Messenger {
    /// Looks into what an answer says about the account and the prekeys. Nothing here may keep mail from being taken:
    /// what cannot be done now is done with a later answer.
    func follow(_ answer: MailboxAnswer) async throws(ClientError) {
        try await followAccount(answer.account)
        if let counts = answer.prekeys, counts.low {
            try await tending.withLock { () throws(ClientError) in
                try await self.tolerating { () throws(ClientError) in
                    try await self.uploadOneTimePrekeys(held: counts)
                }
            }
        }
        if answer.more != true { try await noteDrainedPoll() }
        try await upkeep()
    }

    private func followAccount(_ account: AccountStateAnswer) async throws(ClientError) {
        let isKnown = try await profile.transaction { transaction in
            let device = try transaction.device()
            var mailbox = try transaction.mailbox()
            if try DeviceKeys.load(in: transaction).account != nil {
                for number in account.pendingDevices where !mailbox.toldPending.contains(number) {
                    try transaction.warn(.devicePending(number))
                }
                mailbox.toldPending = account.pendingDevices
                try transaction.setMailbox(mailbox)
            }
            let list = try transaction.contact(device.handle)?.list
            return account.listVersion == list?.version && account.listHash == list?.hash
        }
        if !isKnown {
            try await tolerating { () throws(ClientError) in try await self.refreshOwnList() }
        }
    }

    /// Notes, once a day, that the mailbox was found empty: only then private halves of replaced keys may go.
    private func noteDrainedPoll() async throws(ClientError) {
        let now = environment.now()
        try await profile.transaction { transaction in
            var record = try transaction.upkeep()
            guard UpkeepRecord.isDue(now, after: record.drained) else { return }
            var prekeys = try transaction.prekeys()
            prekeys.noteDrainedPoll(at: now.unixSeconds)
            try transaction.setPrekeys(prekeys)
            record.drained = now
            try transaction.setValue(record, UpkeepRecord.key, in: .state)
        }
    }

    /// Once a day, after receiving or sending: weekly keys, a comparison of prekeys with the server, and what has become
    /// too old.
    func upkeep() async throws(ClientError) {
        try await tending.withLock { () throws(ClientError) in try await self.tend() }
    }

    private func tend() async throws(ClientError) {
        let now = environment.now()
        let last = try await profile.transaction { try $0.upkeep().last }
        guard UpkeepRecord.isDue(now, after: last) else { return }
        try await tolerating { () throws(ClientError) in
            try await self.rotatePrekeys()
            try await self.comparePrekeys()
        }
        try await profile.transaction { transaction in
            var prekeys = try transaction.prekeys()
            prekeys.dropExpired(at: now.unixSeconds)
            try transaction.setPrekeys(prekeys)
            try transaction.dropExpiredSessions(at: now)
            for sent in try transaction.values(SentRecord.self, in: .sent) where now >= sent.sent + SentRecord.life {
                try transaction.remove(sent.envelope, in: .sent)
            }
            for seen in try transaction.values(SeenRecord.self, in: .seen) where now >= seen.seen + SeenRecord.life {
                try transaction.remove(seen.key, in: .seen)
            }
            var record = try transaction.upkeep()
            record.last = now
            try transaction.setValue(record, UpkeepRecord.key, in: .state)
        }
    }
}

/// When the daily upkeep was last done.
struct UpkeepRecord: Codable, Sendable {
    static let key = "upkeep"
    static let pause = Duration.days(1)

    var last: Timestamp?
    /// When the mailbox was last noted to be empty.
    var drained: Timestamp?

    static func isDue(_ now: Timestamp, after last: Timestamp?) -> Bool {
        last.map { now >= $0 + pause || now < $0 } ?? true
    }
}

extension Transaction {
    func upkeep() throws -> UpkeepRecord {
        try value(UpkeepRecord.self, UpkeepRecord.key, in: .state) ?? UpkeepRecord()
    }

    /// Forgets archived sessions that are too old, also those with devices that nothing goes to or comes from.
    func dropExpiredSessions(at now: Timestamp) throws {
        for contact in try values(ContactRecord.self, in: .contact) {
            for device in contact.knownDevices {
                let address = MailboxAddress(handle: contact.handle, device: device.number)
                guard let before = try book(address, identityKey: device.identityKey.bytes) else { continue }
                var book = before
                book.dropExpired(at: now.unixSeconds)
                if book != before { try setBook(book, address) }
            }
        }
    }
}
