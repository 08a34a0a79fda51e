import Ratchet
import SealpostCore
import SealpostFormats

extension Messenger {
    /// How often bundles are claimed for one entry in one try, because a claim brought a new list.
    private static let claims = 3

    /// What a try to encrypt gave.
    enum Encryption: Sendable {
        case encrypted(OutboxRecord)
        /// There is no device to send to.
        case nobody
        /// These devices have no session that may be used.
        case lacking([DeviceNumber])
    }

    /// Encrypts an entry for every device that it goes to; ciphertexts, their id and the sessions' new state are one
    /// transaction. Nil if there is no device to send to, and the entry is done with.
    func encrypted(_ record: OutboxRecord) async throws(ClientError) -> OutboxRecord? {
        if record.deposit != nil {
            let checked = try await profile.transaction { try $0.recheckDeposit(record.number) }
            if checked.deposit != nil { return checked }
        }
        if try await profile.transaction({ try $0.contact(record.recipient) == nil }) {
            try await refreshContact(record.recipient)
        }
        var bundles: [DeviceNumber: VerifiedBundle] = [:]
        for _ in 0..<Self.claims {
            let (known, id, now) = (bundles, environment.newID(), environment.now())
            let result = try await profile.transaction { transaction in
                try transaction.encrypt(record.number, bundles: known, id: id, now: now)
            }
            switch result {
            case .encrypted(let record):
                environment.reached(.messageEncrypted)
                return record
            case .nobody: return nil
            case .lacking(let devices):
                try await claim(record, devices, into: &bundles)
            }
        }
        throw .unexpectedAnswer("the devices of \(record.recipient) keep changing")
    }

    /// Claims bundles under a request id that is stored first, so that an answer that was lost is had again.
    private func claim(
        _ record: OutboxRecord, _ devices: [DeviceNumber], into bundles: inout [DeviceNumber: VerifiedBundle]
    ) async throws(ClientError) {
        let (newID, now) = (environment.newID(), environment.now())
        let claim = try await profile.transaction { transaction in
            if let stored = try transaction.outboxRecord(record.number)?.claim, stored.devices == devices,
                now < stored.made + OutboxRecord.claimLife
            {
                return stored
            }
            let claim = OutboxRecord.Claim(id: newID, devices: devices, made: now)
            try transaction.updateOutbox(record.number) { $0.claim = claim }
            return claim
        }
        environment.reached(.claimStored)
        let answer: ClaimAnswer
        do {
            answer = try await api.claim(
                record.recipient, ClaimRequest(requestID: claim.id, devices: claim.devices))
        } catch {
            guard case .refused(let problem) = error, let gone = problem.gone, problem.code == .notFound else {
                throw error
            }
            try await refreshContact(record.recipient)
            return try await dropClaim(record, gone: gone)
        }
        environment.reached(.claimAnswered)
        let contact = try await take(
            ListOffer(list: answer.list.bytes, signature: answer.signature.bytes), of: record.recipient)
        do throws(TrustFailure) {
            for bundle in answer.bundles {
                bundles[bundle.device] = try contact.verified(bundle, claimed: claim.made)
            }
        } catch {
            let failure = error
            try await profile.transaction { try $0.warn(.trust(failure)) }
            try await dropClaim(record, gone: [])
            throw .untrusted(failure)
        }
        let gone = devices.filter { bundles[$0] == nil }
        if !gone.isEmpty { try await dropClaim(record, gone: gone) }
    }

    private func dropClaim(_ record: OutboxRecord, gone: [DeviceNumber]) async throws(ClientError) {
        try await profile.transaction { transaction in
            try transaction.updateOutbox(record.number) { record in
                record.claim = nil
                record.gone = Array(Set(record.gone + gone))
            }
        }
    }
}

extension ContactRecord {
    /// Checks that a bundle is that of the listed device and properly signed.
    func verified(
        _ bundle: PrekeyBundleAnswer, claimed: Timestamp
    ) throws(TrustFailure) -> VerifiedBundle {
        guard let device = list.device(bundle.device) else {
            throw TrustFailure(handle, .unlistedDevice, "device \(bundle.device)")
        }
        do {
            return try PrekeyBundle(bundle, claimed: claimed).verified(identityKey: device.identityKey.bytes)
        } catch .wrongIdentity {
            throw TrustFailure(handle, .identityKeyMismatch, "device \(bundle.device)")
        } catch {
            throw TrustFailure(handle, .prekeyNotSigned, "device \(bundle.device)")
        }
    }
}

extension SignedList {
    /// As messages tell it.
    var told: ListVersion { ListVersion(version: version, hash: hash) }
}
