import Ratchet
import SealpostCore

extension Messenger {
    /// The long-lived keys to register a device with; made once, the same again each time.
    func longLivedPrekeys() async throws(ClientError) -> LongLivedPrekeys {
        let now = environment.now().unixSeconds
        return try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            if store.signed.current == nil {
                store.rotate(at: now, platform: NativePlatform.self)
                try transaction.setPrekeys(store)
            }
            return try transaction.longLivedPrekeys(store)
        }
    }

    /// The server has the long-lived keys that the device was registered with.
    func noteRegisteredPrekeys() async throws(ClientError) {
        let now = environment.now().unixSeconds
        try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            store.markLongLivedPublished(at: now)
            try transaction.setPrekeys(store)
        }
    }

    /// Fills the server's one-time prekeys up to 100 of each kind. New keys are stored before they are sent; ones whose
    /// upload was not answered are sent again.
    func uploadOneTimePrekeys(held: PrekeyCounts? = nil) async throws(ClientError) {
        let device = try await device()
        guard let number = device.number else { throw .devicePending }
        let counts: PrekeyCounts
        if let held { counts = held } else { counts = try await api.prekeys(number).counts }
        let now = environment.now().unixSeconds
        let request = try await profile.transaction { transaction -> OneTimePrekeysRequest? in
            var store = try transaction.prekeys()
            store.noteServerHolds(x25519: counts.oneTime, kem: counts.oneTimeKEM, at: now)
            let waiting = try transaction.unpublished(store)
            store.addOneTimeKeys(
                x25519: max(0, Limits.prekeysPerUpload - counts.oneTime - waiting.x25519.count),
                kem: max(0, Limits.prekeysPerUpload - counts.oneTimeKEM - waiting.kem.count),
                platform: NativePlatform.self)
            try transaction.setPrekeys(store)
            let keys = try transaction.unpublished(store)
            return keys.x25519.isEmpty && keys.kem.isEmpty ? nil : OneTimePrekeysRequest(keys)
        }
        guard let request else { return }
        environment.reached(.prekeysStored)
        let answer = try await api.addPrekeys(number, request)
        environment.reached(.prekeysAnswered)
        try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            store.markPublished(
                x25519: (request.oneTimePrekeys ?? []).map(\.id), kem: (request.oneTimeKEMPrekeys ?? []).map(\.id))
            store.noteServerHolds(x25519: answer.oneTime, kem: answer.oneTimeKEM, at: now)
            try transaction.setPrekeys(store)
        }
    }

    /// Replaces the signed, last-resort and sealing keys when they are a week old, or when an upload was not answered.
    func rotatePrekeys() async throws(ClientError) {
        let now = environment.now().unixSeconds
        let request = try await profile.transaction { transaction -> LongLivedPrekeys? in
            var store = try transaction.prekeys()
            guard store.needsRotation(at: now) else { return nil }
            store.rotate(at: now, platform: NativePlatform.self)
            try transaction.setPrekeys(store)
            return try transaction.longLivedPrekeys(store)
        }
        guard let request, let number = try await device().number else { return }
        environment.reached(.prekeysStored)
        _ = try await api.replacePrekeys(number, request)
        environment.reached(.prekeysAnswered)
        try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            store.markLongLivedPublished(at: now)
            store.dropExpired(at: now)
            try transaction.setPrekeys(store)
        }
    }

    /// Compares what the server holds with what this device has published; uploads new keys when they disagree.
    func comparePrekeys() async throws(ClientError) {
        guard let number = try await device().number else { return }
        let state = try await api.prekeys(number)
        let now = environment.now().unixSeconds
        let agrees = try await profile.transaction { transaction in
            var store = try transaction.prekeys()
            store.noteServerHolds(x25519: state.counts.oneTime, kem: state.counts.oneTimeKEM, at: now)
            try transaction.setPrekeys(store)
            let keys = try DeviceKeys.load(in: transaction)
            let expected = try store.expectedDigest(of: keys.identity, platform: NativePlatform.self)
            if expected == state.digest.bytes { return true }
            try transaction.warn(.prekeysDisagreed)
            store.rotate(at: now, platform: NativePlatform.self)
            try transaction.setPrekeys(store)
            return false
        }
        guard !agrees else { return }
        try await rotatePrekeys()
        try await uploadOneTimePrekeys(held: PrekeyCounts(oneTime: 0, oneTimeKEM: 0))
    }
}

extension Transaction {
    func longLivedPrekeys(_ store: PrekeyStore) throws -> LongLivedPrekeys {
        let keys = try DeviceKeys.load(in: self)
        guard let longLived = try store.longLivedPublicKeys(of: keys.identity, platform: NativePlatform.self) else {
            throw ProfileError.damaged("the long-lived prekeys are missing")
        }
        return LongLivedPrekeys(longLived)
    }

    func unpublished(_ store: PrekeyStore) throws -> OneTimePublicKeys {
        let keys = try DeviceKeys.load(in: self)
        return try store.unpublishedKeys(
            of: keys.identity, limit: Limits.prekeysPerUpload, platform: NativePlatform.self)
    }
}
