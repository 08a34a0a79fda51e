import GRDB
import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

extension Transaction {
    func replacePrekeys(_ prekeys: LongLivedPrekeys, of device: MailboxKey) throws -> PrekeyUpload {
        guard let mailbox = try mailbox(device) else { return .unknownDevice }
        let check = try prekeys.replacing(longLived(of: device)) { prekey in
            try givenHash(prekey.id, space: prekey.kind.space, of: device) != nil
                || (prekey.kind == .lastResort && heldKey(prekey.id, kind: .oneTimeKEM, of: device) != nil)
        }
        if let id = check.conflict { return .conflict(id: id) }
        for old in check.replaced { try rememberGiven(old, of: device) }
        try setLongLived(prekeys, of: device)
        return .stored(mailbox.prekeys)
    }

    func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) throws -> PrekeyUpload {
        guard var mailbox = try mailbox(device) else { return .unknownDevice }
        let uploads = oneTime.map(StoredPrekey.init) + oneTimeKEM.map(StoredPrekey.init)
        let lastResort = try longLived(of: device).first { $0.kind == .lastResort }
        let check = try PrekeyCheck(
            of: uploads, lastResort: lastResort?.id, heldKey: { try heldKey($0.id, kind: $0.kind, of: device) },
            givenHash: { try givenHash($0.id, space: $0.kind.space, of: device) })
        let fresh: [StoredPrekey]
        switch check {
        case .conflict(let id): return .conflict(id: id)
        case .fresh(let prekeys): fresh = prekeys
        }
        let oneTimeCount = mailbox.oneTime + fresh.count { $0.kind == .oneTime }
        let oneTimeKEMCount = mailbox.oneTimeKEM + fresh.count { $0.kind == .oneTimeKEM }
        guard max(oneTimeCount, oneTimeKEMCount) <= Limits.prekeysHeld else { return .tooMany(mailbox.prekeys) }
        for prekey in fresh {
            try run(
                """
                INSERT INTO one_time_prekey (account, device, kind, id, key, signature) VALUES (?, ?, ?, ?, ?, ?)
                """,
                [
                    device.account, device.device, prekey.kind.rawValue, prekey.id, blob(prekey.key),
                    blob(prekey.signature),
                ])
        }
        mailbox.oneTime = oneTimeCount
        mailbox.oneTimeKEM = oneTimeKEMCount
        try savePrekeyCounts(of: mailbox)
        return .stored(mailbox.prekeys)
    }

    func prekeyState(of device: MailboxKey) throws -> PrekeyState? {
        guard let mailbox = try mailbox(device) else { return nil }
        var digest = PrekeyDigest()
        func add(_ prekey: StoredPrekey) throws {
            guard let kind = PrekeyDigest.Kind(rawValue: UInt8(prekey.kind.rawValue)) else {
                throw StoreError.corrupt("a prekey of an unknown kind")
            }
            digest.add(kind, id: prekey.id, key: prekey.key, signature: prekey.signature ?? [])
        }
        try longLived(of: device).forEach(add)
        try eachRow(
            "SELECT kind, id, NULL, key, signature FROM one_time_prekey WHERE account = ? AND device = ?",
            [device.account, device.device]
        ) {
            try add(StoredPrekey(row: $0))
            return true
        }
        return PrekeyState(counts: mailbox.prekeys, digest: digest.value(SodiumFormatCrypto.self))
    }
}

// MARK: - Rows

extension Transaction {
    func longLived(of device: MailboxKey) throws -> [StoredPrekey] {
        try rows(
            "SELECT kind, id, created, key, signature FROM long_lived_prekey WHERE account = ? AND device = ?",
            [device.account, device.device], StoredPrekey.init)
    }

    func setLongLived(_ prekeys: LongLivedPrekeys, of device: MailboxKey) throws {
        for prekey in prekeys.stored {
            try run(
                """
                INSERT OR REPLACE INTO long_lived_prekey (account, device, kind, id, created, key, signature)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    device.account, device.device, prekey.kind.rawValue, prekey.id,
                    prekey.created.map { Int64(bitPattern: $0) }, blob(prekey.key), blob(prekey.signature),
                ])
        }
    }

    private func heldKey(_ id: UInt32, kind: PrekeyKind, of device: MailboxKey) throws -> [UInt8]? {
        try row(
            "SELECT key FROM one_time_prekey WHERE account = ? AND device = ? AND kind = ? AND id = ?",
            [device.account, device.device, kind.rawValue, id])?.bytes(0)
    }

    private func givenHash(_ id: UInt32, space: Int, of device: MailboxKey) throws -> [UInt8]? {
        try row(
            "SELECT key_hash FROM given_prekey WHERE account = ? AND device = ? AND space = ? AND id = ?",
            [device.account, device.device, space, id])?.bytes(0)
    }

    /// The id stays known after the key is gone, so that it is recognised when it is uploaded again.
    func rememberGiven(_ prekey: StoredPrekey, of device: MailboxKey) throws {
        try run(
            """
            INSERT OR REPLACE INTO given_prekey (account, device, space, id, key_hash, forget)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                device.account, device.device, prekey.kind.space, prekey.id,
                blob(prekey.hash), now + StoredPrekey.givenMemory,
            ])
    }

    func savePrekeyCounts(of mailbox: Mailbox) throws {
        try run(
            "UPDATE device SET one_time = ?, one_time_kem = ? WHERE account = ? AND number = ?",
            [mailbox.oneTime, mailbox.oneTimeKEM, mailbox.key.account, mailbox.key.device])
    }
}

extension StoredPrekey {
    /// From the columns kind, id, created, key, signature.
    init(row: Row) throws {
        guard let kind = PrekeyKind(rawValue: row.count(0)) else {
            throw StoreError.corrupt("a prekey of an unknown kind")
        }
        let created: Int64? = row[2]
        self.init(
            kind: kind, id: try row.keyID(1), created: created.map { UInt64(bitPattern: $0) }, key: try row.bytes(3),
            signature: try row.optionalBytes(4))
    }
}
