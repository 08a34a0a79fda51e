import GRDB
import SealpostCore
import SealpostStore

extension Transaction {
    func claim(_ claims: [Claim]) throws -> [ClaimOutcome] { try claims.map(claim) }

    private func claim(_ claim: Claim) throws -> ClaimOutcome {
        guard
            let account = try row(
                "SELECT id, list_bytes, list_signature FROM account WHERE handle = ?", [claim.target.description])
        else { return .unknownAccount }
        let id = account.account(0)
        let names = names(of: claim)
        let request = claim.digest
        if let known = try known(names, request, of: id) { return known }
        guard let list = try account.optionalBytes(1), let signature = try account.optionalBytes(2) else {
            return .noDevices
        }
        let mailboxes = try mailboxes(of: id)
        let devices: [DeviceNumber]
        if let asked = claim.devices {
            let unknown = Set(asked).filter { mailboxes[$0]?.isListed != true }
            guard unknown.isEmpty else { return .unknownDevices(unknown.sorted()) }
            devices = Set(asked).sorted()
        } else {
            devices = mailboxes.required(of: id, except: claim.ownDevice, at: now)
        }
        guard !devices.isEmpty else { return .noDevices }
        let answer = ClaimAnswer(
            list: Base64(list), signature: Base64(signature),
            bundles: try devices.map { device in
                guard var mailbox = mailboxes[device] else { throw StoreError.corrupt("a listed device is not there") }
                return try takeBundle(from: &mailbox)
            })
        try run(
            "INSERT OR REPLACE INTO claim (account, name, request, expires, answer) VALUES (?, ?, ?, ?, ?)",
            [id, blob(names[0]), blob(request), now + Limits.claimMemory, blob(answer.stored)])
        return .claimed(answer, account: id)
    }

    func knownClaim(_ claim: Claim) throws -> ClaimOutcome? {
        guard let account = try row("SELECT id FROM account WHERE handle = ?", [claim.target.description]) else {
            return nil
        }
        return try known(names(of: claim), claim.digest, of: account.account(0))
    }

    private func names(of claim: Claim) -> [[UInt8]] {
        keyring.names(of: claim.requestID, by: claim.depositor, for: .claim, at: now)
    }

    private func known(_ names: [[UInt8]], _ request: [UInt8], of id: AccountID) throws -> ClaimOutcome? {
        for name in names {
            guard
                let known = try row(
                    "SELECT request, answer FROM claim WHERE account = ? AND name = ? AND expires > ?",
                    [id, blob(name), now])
            else { continue }
            guard try known.bytes(0) == request else { return .idConflict }
            return .claimed(try ClaimAnswer(stored: known.bytes(1)), account: id)
        }
        return nil
    }

    private func takeBundle(from mailbox: inout Mailbox) throws -> PrekeyBundleAnswer {
        let longLived = try longLived(of: mailbox.key)
        let place: StatementArguments = [mailbox.key.account, mailbox.key.device]
        guard let signed = longLived.first(where: { $0.kind == .signed }),
            let lastResort = longLived.first(where: { $0.kind == .lastResort }),
            let sealing = longLived.first(where: { $0.kind == .sealing }),
            let identity = try row("SELECT identity_key FROM device WHERE account = ? AND number = ?", place)
        else { throw StoreError.corrupt("a device without its long-lived prekeys") }
        let oneTime = try takeOneTime(.oneTime, from: mailbox.key)
        let oneTimeKEM = try takeOneTime(.oneTimeKEM, from: mailbox.key)
        if oneTime != nil { mailbox.oneTime -= 1 }
        if oneTimeKEM != nil { mailbox.oneTimeKEM -= 1 }
        if oneTime != nil || oneTimeKEM != nil { try savePrekeyCounts(of: mailbox) }
        let kem = oneTimeKEM ?? lastResort
        return PrekeyBundleAnswer(
            device: mailbox.key.device, identityKey: Base64(try identity.bytes(0)),
            signedPrekey: SignedKey(id: signed.id, key: Base64(signed.key), signature: Base64(signed.signature ?? [])),
            oneTimePrekey: oneTime.map { OneTimeKey(id: $0.id, key: Base64($0.key)) },
            kemPrekey: .init(
                id: kem.id, key: Base64(kem.key), signature: Base64(kem.signature ?? []),
                lastResort: oneTimeKEM == nil),
            sealingKey: SealingKey(
                id: sealing.id, created: sealing.created ?? 0, key: Base64(sealing.key),
                signature: Base64(sealing.signature ?? [])))
    }

    /// The oldest one-time key of a kind, which is then no longer there.
    private func takeOneTime(_ kind: PrekeyKind, from device: MailboxKey) throws -> StoredPrekey? {
        guard
            let row = try row(
                """
                SELECT kind, id, NULL, key, signature, position FROM one_time_prekey
                WHERE account = ? AND device = ? AND kind = ? ORDER BY position LIMIT 1
                """, [device.account, device.device, kind.rawValue])
        else { return nil }
        let prekey = try StoredPrekey(row: row)
        try run("DELETE FROM one_time_prekey WHERE position = ?", [row.integer(5)])
        try rememberGiven(prekey, of: device)
        return prekey
    }
}
