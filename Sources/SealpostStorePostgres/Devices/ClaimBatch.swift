import PostgresKit
import SealpostCore
import SealpostStore

/// What a batch of claims has read and what it is going to write.
struct ClaimBatch {
    private struct Target {
        var recipient: Recipient
        var list: [UInt8]?
        var signature: [UInt8]?
    }

    private struct Name: Hashable {
        var account: AccountID
        var name: [UInt8]
    }

    private struct Kept {
        var request: [UInt8]
        var answer: [UInt8]
    }

    private struct PlacedPrekey {
        var position: Int64
        var prekey: StoredPrekey
    }

    private struct Shelf: Hashable {
        var device: MailboxKey
        var kind: PrekeyKind
    }

    private var targets: [Handle: Target] = [:]
    private var locked: Set<MailboxKey> = []
    private var known: [Name: Kept] = [:]
    /// The devices to take from, by the claim's place in the batch.
    private var planned: [Int: [MailboxKey]] = [:]
    /// Names of planned claims: what repeats one is answered when that one is.
    private var coming: Set<Name> = []

    private var identityKeys: [MailboxKey: [UInt8]] = [:]
    private var longLived: [MailboxKey: [StoredPrekey]] = [:]
    private var oneTime: [Shelf: ArraySlice<PlacedPrekey>] = [:]

    private var taken: [(device: MailboxKey, prekey: PlacedPrekey)] = []
    private var answered: [(name: Name, kept: Kept)] = []

    /// Locks the mailboxes of every target and looks.
    init(_ claims: [Claim], _ transaction: Transaction) throws {
        let handles = Set(claims.map(\.target.description)).sorted()
        let named = claims.flatMap { claim in
            transaction.names(of: claim).map { (claim.target.description, $0) }
        }
        let looks = try transaction.pipeline([
            """
            SELECT device.account, device.number FROM unnest(\(handles)) AS wanted (handle)
            JOIN account ON account.handle = wanted.handle JOIN device ON device.account = account.id
            ORDER BY device.account, device.number FOR NO KEY UPDATE OF device \(unsafeSQL: transaction.skipping)
            """,
            Transaction.recipients(named: handles),
            """
            SELECT account.handle, account.list_bytes, account.list_signature FROM unnest(\(handles)) AS wanted (handle)
            JOIN account ON account.handle = wanted.handle
            """,
            """
            SELECT known.account, known.name, known.request, known.answer
            FROM unnest(\(named.map(\.0)), \(named.map(\.1))) AS wanted (handle, name)
            JOIN account ON account.handle = wanted.handle
            CROSS JOIN LATERAL (
                SELECT * FROM claim WHERE claim.account = account.id AND claim.name = wanted.name
                \(unsafeSQL: Transaction.fence)
            ) AS known
            WHERE known.expires > \(transaction.now)
            """,
        ])
        locked = try looks[0].mailboxKeys()
        for recipient in try Transaction.recipients(from: looks[1]) {
            targets[recipient.handle] = Target(recipient: recipient)
        }
        for row in looks[2] {
            targets[try row.handle(0)]?.list = try row.optionalBytes(1)
            targets[try row.handle(0)]?.signature = try row.optionalBytes(2)
        }
        for row in looks[3] {
            known[Name(account: try row.account(0), name: try row.bytes(1))] = Kept(
                request: try row.bytes(2), answer: try row.bytes(3))
        }
    }

    /// The outcome if nothing is to be taken; nil if keys are, or if an earlier claim of the batch answers it.
    mutating func plan(_ claim: Claim, _ index: Int, _ transaction: Transaction) throws -> ClaimOutcome? {
        guard let target = targets[claim.target] else { return .unknownAccount }
        let id = target.recipient.id
        let names = transaction.names(of: claim).map { Name(account: id, name: $0) }
        if let outcome = try repeated(claim, names) { return outcome }
        let mailboxes = target.recipient.mailboxes
        // Another node may be giving just this answer.
        if transaction.skipsLocked, !mailboxes.values.allSatisfy({ locked.contains($0.key) }) { return .busy }
        if coming.contains(names[0]) { return nil }
        guard target.list != nil, target.signature != nil else { return .noDevices }
        let devices: [DeviceNumber]
        if let asked = claim.devices {
            let unknown = Set(asked).filter { mailboxes[$0]?.isListed != true }
            guard unknown.isEmpty else { return .unknownDevices(unknown.sorted()) }
            devices = Set(asked).sorted()
        } else {
            devices = mailboxes.required(of: id, except: claim.ownDevice, at: transaction.now)
        }
        guard !devices.isEmpty else { return .noDevices }
        let keys = devices.map { MailboxKey(account: id, device: $0) }
        // One that was registered and listed between the locks and the look.
        guard keys.allSatisfy(locked.contains) else { return .busy }
        planned[index] = keys
        coming.insert(names[0])
        return nil
    }

    private func repeated(_ claim: Claim, _ names: [Name]) throws -> ClaimOutcome? {
        for name in names {
            guard let kept = known[name] else { continue }
            guard kept.request == claim.digest else { return .idConflict }
            return .claimed(try ClaimAnswer(stored: kept.answer), account: name.account)
        }
        return nil
    }

    /// Reads what the planned claims take: of the one-time keys of a device as many of each kind as claims take from it.
    mutating func readKeys(_ transaction: Transaction) throws {
        var counts: [MailboxKey: Int] = [:]
        for devices in planned.values {
            for device in devices { counts[device, default: 0] += 1 }
        }
        guard !counts.isEmpty else { return }
        let devices = counts.keys.sorted()
        let accounts = devices.map(\.account.value)
        let numbers = devices.map(\.device.column)
        let kinds = [PrekeyKind.oneTime, .oneTimeKEM].map { Int32($0.rawValue) }
        let looks = try transaction.pipeline([
            """
            SELECT device.account, device.number, device.identity_key
            FROM unnest(\(accounts), \(numbers)) AS wanted (account, number)
            JOIN device ON device.account = wanted.account AND device.number = wanted.number
            """,
            """
            SELECT kind, id, created, key, signature, long_lived_prekey.account, long_lived_prekey.device
            FROM unnest(\(accounts), \(numbers)) AS wanted (account, number)
            JOIN long_lived_prekey
            ON long_lived_prekey.account = wanted.account AND long_lived_prekey.device = wanted.number
            """,
            """
            SELECT kind.kind, oldest.id, NULL::bigint, oldest.key, oldest.signature, wanted.account, wanted.number,
                oldest.position
            FROM unnest(\(accounts), \(numbers), \(devices.map { counts[$0] ?? 0 })) AS wanted (account, number, count)
            CROSS JOIN unnest(\(kinds)) AS kind (kind)
            CROSS JOIN LATERAL (
                SELECT id, key, signature, position FROM one_time_prekey
                WHERE account = wanted.account AND device = wanted.number AND one_time_prekey.kind = kind.kind
                ORDER BY position LIMIT wanted.count
            ) AS oldest
            ORDER BY oldest.position
            """,
        ])
        for row in looks[0] {
            identityKeys[MailboxKey(account: try row.account(0), device: try row.device(1))] = try row.bytes(2)
        }
        for row in looks[1] {
            longLived[MailboxKey(account: try row.account(5), device: try row.device(6)), default: []].append(
                try StoredPrekey(row: row))
        }
        for row in looks[2] {
            let prekey = try StoredPrekey(row: row)
            let device = MailboxKey(account: try row.account(5), device: try row.device(6))
            oneTime[Shelf(device: device, kind: prekey.kind), default: []].append(
                PlacedPrekey(position: try row.integer(7), prekey: prekey))
        }
    }

    /// Answers a planned claim, or one that repeats a planned one.
    mutating func take(_ claim: Claim, _ index: Int, _ transaction: Transaction) throws -> ClaimOutcome {
        guard let target = targets[claim.target] else { return .unknownAccount }
        let name = Name(account: target.recipient.id, name: transaction.names(of: claim)[0])
        guard let devices = planned[index] else {
            guard let outcome = try repeated(claim, [name]) else {
                throw StoreError.corrupt("a claim without an answer")
            }
            return outcome
        }
        let bundles = try devices.map { try takeBundle(from: $0) }
        let answer = ClaimAnswer(
            list: Base64(target.list ?? []), signature: Base64(target.signature ?? []), bundles: bundles)
        let kept = Kept(request: claim.digest, answer: answer.stored)
        known[name] = kept
        answered.append((name, kept))
        return .claimed(answer, account: target.recipient.id)
    }

    private mutating func takeBundle(from device: MailboxKey) throws -> PrekeyBundleAnswer {
        let longLived = longLived[device] ?? []
        guard let signed = longLived.first(where: { $0.kind == .signed }),
            let lastResort = longLived.first(where: { $0.kind == .lastResort }),
            let sealing = longLived.first(where: { $0.kind == .sealing }), let identity = identityKeys[device]
        else { throw StoreError.corrupt("a device without its long-lived prekeys") }
        let oneTime = takeOneTime(.oneTime, from: device)
        let oneTimeKEM = takeOneTime(.oneTimeKEM, from: device)
        let kem = oneTimeKEM ?? lastResort
        return PrekeyBundleAnswer(
            device: device.device, identityKey: Base64(identity),
            signedPrekey: SignedKey(id: signed.id, key: Base64(signed.key), signature: Base64(signed.signature ?? [])),
            oneTimePrekey: oneTime.map { OneTimeKey(id: $0.id, key: Base64($0.key)) },
            kemPrekey: .init(
                id: kem.id, key: Base64(kem.key), signature: Base64(kem.signature ?? []),
                lastResort: oneTimeKEM == nil),
            sealingKey: SealingKey(
                id: sealing.id, created: sealing.created ?? 0, key: Base64(sealing.key),
                signature: Base64(sealing.signature ?? [])))
    }

    private mutating func takeOneTime(_ kind: PrekeyKind, from device: MailboxKey) -> StoredPrekey? {
        guard let placed = oneTime[Shelf(device: device, kind: kind)]?.popFirst() else { return nil }
        taken.append((device, placed))
        return placed.prekey
    }

    /// Writes what was taken and answered, with COMMIT.
    func save(_ transaction: Transaction) throws {
        if !taken.isEmpty {
            transaction.later(
                """
                DELETE FROM one_time_prekey AS prekey
                USING unnest(\(taken.map(\.device.account.value)), \(taken.map(\.device.device.column)),
                    \(taken.map { Int32($0.prekey.prekey.kind.rawValue) }), \(taken.map(\.prekey.position)))
                    AS taken (account, device, kind, position)
                WHERE prekey.account = taken.account AND prekey.device = taken.device AND prekey.kind = taken.kind
                    AND prekey.position = taken.position
                """)
            transaction.rememberGiven(taken.map(\.prekey.prekey), of: taken.map(\.device))
            transaction.savePrekeyCounts(of: changedMailboxes())
        }
        guard !answered.isEmpty else { return }
        transaction.later(
            """
            INSERT INTO claim (account, name, request, expires, answer)
            SELECT account, name, request, \(transaction.now + Limits.claimMemory), answer
            FROM unnest(\(answered.map(\.name.account.value)), \(answered.map(\.name.name)),
                \(answered.map(\.kept.request)), \(answered.map(\.kept.answer)))
                AS answered (account, name, request, answer)
            ON CONFLICT (account, name) DO UPDATE
            SET request = excluded.request, expires = excluded.expires, answer = excluded.answer
            """)
    }

    private func changedMailboxes() -> [Mailbox] {
        var changed: [MailboxKey: Mailbox] = [:]
        for target in targets.values {
            for mailbox in target.recipient.mailboxes.values { changed[mailbox.key] = mailbox }
        }
        for (device, placed) in taken {
            switch placed.prekey.kind {
            case .oneTime: changed[device]?.oneTime -= 1
            default: changed[device]?.oneTimeKEM -= 1
            }
        }
        return Set(taken.map(\.device)).compactMap { changed[$0] }
    }
}
