import SealpostCore

extension Messenger {
    /// Takes a new opening number if one is due. Nothing is encrypted or decrypted and no list is changed before.
    ///
    /// The nonce is stored before it is sent, so that a lost answer is asked for again; a copy of the profile from
    /// before draws another nonce and is refused.
    func ensureOpening() async throws(ClientError) {
        try await opening.ensure(now: environment.now) { () throws(ClientError) in try await self.takeOpening() }
    }

    private func takeOpening() async throws(ClientError) {
        let nonce = environment.random(16)
        let (number, request) = try await profile.transaction { transaction in
            let device = try transaction.device()
            guard device.phase != .removed else { throw ClientError.deviceRemoved }
            guard device.phase == .listed, let number = device.number else { throw ClientError.devicePending }
            var record = try transaction.value(OpeningRecord.self, OpeningRecord.key, in: .state) ?? OpeningRecord()
            let used = record.nonce ?? Base64(nonce)
            record.nonce = used
            try transaction.setValue(record, OpeningRecord.key, in: .state)
            return (number, OpeningRequest(last: record.last, nonce: used))
        }
        environment.reached(.openingStored)
        let answer: OpeningAnswer
        do {
            answer = try await api.open(number, request)
        } catch {
            guard case .refused(let problem) = error, problem.code == .stateRollback else { throw error }
            throw .rolledBack
        }
        environment.reached(.openingAnswered)
        try await profile.transaction { transaction in
            try transaction.setValue(OpeningRecord(last: answer.opening), OpeningRecord.key, in: .state)
        }
    }
}
