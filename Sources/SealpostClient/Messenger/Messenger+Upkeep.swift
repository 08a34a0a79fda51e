import SealpostCore

extension Messenger {
    /// Looks into what an answer says about the account and the prekeys. Nothing here may keep mail from being taken:
    /// what cannot be done now is done with a later answer.
    func follow(_ answer: MailboxAnswer) async throws(ClientError) {
        try await followAccount(answer.account)
        if let counts = answer.prekeys, counts.low {
            try await tolerating { () throws(ClientError) in try await self.uploadOneTimePrekeys(held: counts) }
        }
        try await upkeep(isDrained: answer.more != true)
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

    /// Once a day: weekly keys, a comparison of prekeys with the server, and what has become too old.
    private func upkeep(isDrained: Bool) async throws(ClientError) {
        let now = environment.now()
        let isDue = try await profile.transaction { transaction in
            let last = try transaction.value(UpkeepRecord.self, UpkeepRecord.key, in: .state)?.last
            guard let last else { return true }
            return now >= last + UpkeepRecord.pause || now < last
        }
        guard isDue else { return }
        try await tolerating { () throws(ClientError) in
            try await self.rotatePrekeys()
            try await self.comparePrekeys()
        }
        try await profile.transaction { transaction in
            var prekeys = try transaction.prekeys()
            if isDrained { prekeys.noteDrainedPoll(at: now.unixSeconds) }
            prekeys.dropExpired(at: now.unixSeconds)
            try transaction.setPrekeys(prekeys)
            for sent in try transaction.values(SentRecord.self, in: .sent) where now >= sent.sent + SentRecord.life {
                try transaction.remove(sent.envelope, in: .sent)
            }
            for seen in try transaction.values(SeenRecord.self, in: .seen) where now >= seen.seen + SeenRecord.life {
                try transaction.remove(seen.key, in: .seen)
            }
            try transaction.setValue(UpkeepRecord(last: now), UpkeepRecord.key, in: .state)
        }
    }
}

/// When the daily upkeep was last done.
struct UpkeepRecord: Codable, Sendable {
    static let key = "upkeep"
    static let pause = Duration.days(1)

    var last: Timestamp
}
