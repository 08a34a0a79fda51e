import GRDB
import SealpostCore
import SealpostFormats
import SealpostStore
import SodiumKit

/// Kinds as in the digest; ids are unique in a space, and KEM prekeys of both kinds share one.
enum PrekeyKind: Int {
    case signed = 1
    case lastResort = 2
    case sealing = 3
    case oneTime = 4
    case oneTimeKEM = 5

    var space: Int { self == .oneTimeKEM ? PrekeyKind.lastResort.rawValue : rawValue }
}

/// A prekey of any kind as its row has it.
struct StoredPrekey {
    var kind: PrekeyKind
    var id: UInt32
    /// Of a sealing key, in seconds since 1970.
    var created: UInt64?
    var key: [UInt8]
    var signature: [UInt8]?
}

extension Transaction {
    /// Used ids stay known for so long: twice as long as a client keeps the private half of a key that is gone.
    static let givenPrekeyMemory = Duration.days(90)

    func replacePrekeys(_ prekeys: LongLivedPrekeys, of device: MailboxKey) throws -> PrekeyUpload {
        guard let mailbox = try mailbox(device) else { return .unknownDevice }
        let held = try longLived(of: device)
        for prekey in prekeys.stored {
            let current = held.first { $0.kind == prekey.kind }
            if let current, current.id == prekey.id {
                guard current.key == prekey.key else { return .conflict(id: prekey.id) }
                continue
            }
            let isUsed =
                try givenHash(prekey.id, space: prekey.kind.space, of: device) != nil
                || (prekey.kind == .lastResort && heldKey(prekey.id, kind: .oneTimeKEM, of: device) != nil)
            if isUsed { return .conflict(id: prekey.id) }
        }
        for old in held {
            guard let new = prekeys.stored.first(where: { $0.kind == old.kind }), new.id != old.id else { continue }
            try rememberGiven(old, of: device)
        }
        try setLongLived(prekeys, of: device)
        return .stored(mailbox.prekeys)
    }

    func appendPrekeys(
        oneTime: [OneTimeKey], oneTimeKEM: [SignedKey], of device: MailboxKey
    ) throws -> PrekeyUpload {
        guard var mailbox = try mailbox(device) else { return .unknownDevice }
        let uploads = oneTime.map(StoredPrekey.init) + oneTimeKEM.map(StoredPrekey.init)
        let lastResort = try longLived(of: device).first { $0.kind == .lastResort }
        var fresh: [StoredPrekey] = []
        var seen: [Int: [UInt32: [UInt8]]] = [:]
        for prekey in uploads {
            let space = prekey.kind.space
            if prekey.kind == .oneTimeKEM, lastResort?.id == prekey.id { return .conflict(id: prekey.id) }
            let isHeld: Bool
            if let same = try seen[space]?[prekey.id] ?? heldKey(prekey.id, kind: prekey.kind, of: device) {
                guard same == prekey.key else { return .conflict(id: prekey.id) }
                isHeld = true
            } else if let hash = try givenHash(prekey.id, space: space, of: device) {
                guard hash == Self.hash(ofPrekey: prekey.key) else { return .conflict(id: prekey.id) }
                isHeld = true
            } else {
                isHeld = false
            }
            seen[space, default: [:]][prekey.id] = prekey.key
            if !isHeld { fresh.append(prekey) }
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
                blob(Self.hash(ofPrekey: prekey.key)), now + Self.givenPrekeyMemory,
            ])
    }

    func savePrekeyCounts(of mailbox: Mailbox) throws {
        try run(
            "UPDATE device SET one_time = ?, one_time_kem = ? WHERE account = ? AND number = ?",
            [mailbox.oneTime, mailbox.oneTimeKEM, mailbox.key.account, mailbox.key.device])
    }

    private static func hash(ofPrekey key: [UInt8]) -> [UInt8] { Array(SHA256.hash(key).prefix(16)) }
}

extension StoredPrekey {
    init(_ key: OneTimeKey) {
        self.init(kind: .oneTime, id: key.id, created: nil, key: key.key.bytes, signature: nil)
    }

    init(_ key: SignedKey) {
        self.init(kind: .oneTimeKEM, id: key.id, created: nil, key: key.key.bytes, signature: key.signature.bytes)
    }

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

extension LongLivedPrekeys {
    /// The three as rows.
    fileprivate var stored: [StoredPrekey] {
        let signed = signedPrekey.body
        let lastResort = lastResortKEMPrekey.body
        let sealing = sealingKey.body
        return [
            StoredPrekey(
                kind: .signed, id: signed.id, created: nil, key: signed.key.bytes, signature: signed.signature.bytes),
            StoredPrekey(
                kind: .lastResort, id: lastResort.id, created: nil, key: lastResort.key.bytes,
                signature: lastResort.signature.bytes),
            StoredPrekey(
                kind: .sealing, id: sealing.id, created: sealing.created, key: sealing.key.bytes,
                signature: sealing.signature.bytes),
        ]
    }
}
