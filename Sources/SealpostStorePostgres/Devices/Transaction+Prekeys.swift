import PostgresKit
import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

extension Transaction {
    func replacePrekeys(_ prekeys: LongLivedPrekeys, of device: MailboxKey) throws -> PrekeyUpload {
        try lock(device)
        guard let mailbox = try mailbox(device) else { return .unknownDevice }
        let given = try givenHashes(prekeys.stored, of: device)
        let held = try heldKeys(prekeys.stored.map(\.id), of: device)
        let check = try prekeys.replacing(longLived(of: device)) { prekey in
            given[PrekeyPlace(prekey.kind.space, prekey.id)] != nil
                || (prekey.kind == .lastResort
                    && held[PrekeyPlace(PrekeyKind.oneTimeKEM.rawValue, prekey.id)] != nil)
        }
        if let id = check.conflict { return .conflict(id: id) }
        rememberGiven(check.replaced, of: Array(repeating: device, count: check.replaced.count))
        setLongLived(prekeys, of: device)
        return .stored(mailbox.prekeys)
    }

    func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) throws -> PrekeyUpload {
        try lock(device)
        guard var mailbox = try mailbox(device) else { return .unknownDevice }
        let uploads = oneTime.map(StoredPrekey.init) + oneTimeKEM.map(StoredPrekey.init)
        let held = try heldKeys(uploads.map(\.id), of: device)
        let given = try givenHashes(uploads, of: device)
        let check = PrekeyCheck(
            of: uploads, lastResort: try longLived(of: device).first { $0.kind == .lastResort }?.id,
            heldKey: { held[PrekeyPlace($0.kind.rawValue, $0.id)] },
            givenHash: { given[PrekeyPlace($0.kind.space, $0.id)] })
        let fresh: [StoredPrekey]
        switch check {
        case .conflict(let id): return .conflict(id: id)
        case .fresh(let prekeys): fresh = prekeys
        }
        let oneTimeCount = mailbox.oneTime + fresh.count { $0.kind == .oneTime }
        let oneTimeKEMCount = mailbox.oneTimeKEM + fresh.count { $0.kind == .oneTimeKEM }
        guard max(oneTimeCount, oneTimeKEMCount) <= Limits.prekeysHeld else { return .tooMany(mailbox.prekeys) }
        // Positions are drawn in the order of the rows.
        later(
            """
            INSERT INTO one_time_prekey (account, device, kind, id, key, signature)
            SELECT \(device.account), \(device.device), kind, id, key, signature
            FROM unnest(\(fresh.map { Int32($0.kind.rawValue) }), \(fresh.map { Int64($0.id) }), \(fresh.map(\.key)),
                \(fresh.map(\.signature))) WITH ORDINALITY AS fresh (kind, id, key, signature, place) ORDER BY place
            """)
        mailbox.oneTime = oneTimeCount
        mailbox.oneTimeKEM = oneTimeKEMCount
        savePrekeyCounts(of: [mailbox])
        return .stored(mailbox.prekeys)
    }

    func prekeyState(of device: MailboxKey) throws -> PrekeyState? {
        guard let mailbox = try mailbox(device) else { return nil }
        var digest = PrekeyDigest()
        let oneTime = try run(
            """
            SELECT kind, id, NULL::bigint, key, signature FROM one_time_prekey
            WHERE account = \(device.account) AND device = \(device.device)
            """
        ).map(StoredPrekey.init)
        for prekey in try longLived(of: device) + oneTime {
            guard let kind = PrekeyDigest.Kind(rawValue: UInt8(prekey.kind.rawValue)) else {
                throw StoreError.corrupt("a prekey of an unknown kind")
            }
            digest.add(kind, id: prekey.id, key: prekey.key, signature: prekey.signature ?? [])
        }
        return PrekeyState(counts: mailbox.prekeys, digest: digest.value(SodiumFormatCrypto.self))
    }
}

// MARK: - Rows

/// Where a prekey's id counts: in its kind or in its space.
private struct PrekeyPlace: Hashable {
    let kindOrSpace: Int
    let id: UInt32

    init(_ kindOrSpace: Int, _ id: UInt32) {
        self.kindOrSpace = kindOrSpace
        self.id = id
    }
}

extension Transaction {
    func longLived(of device: MailboxKey) throws -> [StoredPrekey] {
        try run(
            """
            SELECT kind, id, created, key, signature FROM long_lived_prekey
            WHERE account = \(device.account) AND device = \(device.device)
            """
        ).map(StoredPrekey.init)
    }

    func setLongLived(_ prekeys: LongLivedPrekeys, of device: MailboxKey) {
        for prekey in prekeys.stored {
            later(
                """
                INSERT INTO long_lived_prekey (account, device, kind, id, created, key, signature) VALUES (
                    \(device.account), \(device.device), \(Int32(prekey.kind.rawValue)), \(Int64(prekey.id)),
                    \(prekey.created.map { Int64(bitPattern: $0) }), \(prekey.key), \(prekey.signature))
                ON CONFLICT (account, device, kind) DO UPDATE
                SET id = excluded.id, created = excluded.created, key = excluded.key, signature = excluded.signature
                """)
        }
    }

    /// The one-time keys that are held with one of these ids, by kind.
    private func heldKeys(_ ids: [UInt32], of device: MailboxKey) throws -> [PrekeyPlace: [UInt8]] {
        let kinds = [PrekeyKind.oneTime, .oneTimeKEM].map { Int32($0.rawValue) }
        let held = try run(
            """
            SELECT kind, id, key FROM one_time_prekey
            WHERE account = \(device.account) AND device = \(device.device) AND kind = ANY(\(kinds))
                AND id = ANY(\(ids.map(Int64.init)))
            """
        ).map { (PrekeyPlace(try $0.count(0), try $0.keyID(1)), try $0.bytes(2)) }
        return Dictionary(uniqueKeysWithValues: held)
    }

    /// The hashes of keys that were held with one of these ids, by space.
    private func givenHashes(_ prekeys: [StoredPrekey], of device: MailboxKey) throws -> [PrekeyPlace: [UInt8]] {
        let spaces = Set(prekeys.map { Int32($0.kind.space) })
        let given = try run(
            """
            SELECT space, id, key_hash FROM given_prekey
            WHERE account = \(device.account) AND device = \(device.device) AND space = ANY(\(Array(spaces)))
                AND id = ANY(\(prekeys.map { Int64($0.id) }))
            """
        ).map { (PrekeyPlace(try $0.count(0), try $0.keyID(1)), try $0.bytes(2)) }
        return Dictionary(uniqueKeysWithValues: given)
    }

    /// The ids stay known after the keys are gone, so that they are recognised when they are uploaded again.
    ///
    /// - Parameter devices: of each prekey the device.
    func rememberGiven(_ prekeys: [StoredPrekey], of devices: [MailboxKey]) {
        guard !prekeys.isEmpty else { return }
        later(
            """
            INSERT INTO given_prekey (account, device, space, id, key_hash, forget)
            SELECT account, device, space, id, key_hash, \(now + StoredPrekey.givenMemory)
            FROM unnest(\(devices.map(\.account.value)), \(devices.map(\.device.column)),
                \(prekeys.map { Int32($0.kind.space) }), \(prekeys.map { Int64($0.id) }), \(prekeys.map(\.hash)))
                AS given (account, device, space, id, key_hash)
            ON CONFLICT (account, device, space, id) DO UPDATE
            SET key_hash = excluded.key_hash, forget = excluded.forget
            """)
    }

    func savePrekeyCounts(of mailboxes: [Mailbox]) {
        guard !mailboxes.isEmpty else { return }
        later(
            """
            UPDATE device SET one_time = saved.one_time, one_time_kem = saved.one_time_kem
            FROM unnest(\(mailboxes.map(\.key.account.value)), \(mailboxes.map(\.key.device.column)),
                \(mailboxes.map { Int32($0.oneTime) }), \(mailboxes.map { Int32($0.oneTimeKEM) }))
                AS saved (account, number, one_time, one_time_kem)
            WHERE device.account = saved.account AND device.number = saved.number
            """)
    }
}

extension StoredPrekey {
    /// From the columns kind, id, created, key, signature.
    init(row: Row) throws {
        guard let kind = PrekeyKind(rawValue: try row.count(0)) else {
            throw StoreError.corrupt("a prekey of an unknown kind")
        }
        self.init(
            kind: kind, id: try row.keyID(1),
            created: try row.optional(2, as: Int64.self).map { UInt64(bitPattern: $0) }, key: try row.bytes(3),
            signature: try row.optionalBytes(4))
    }
}
