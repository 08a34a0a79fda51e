import GRDB
import SealpostCore
import SealpostStore

/// The memory of deposits' ids: one row a mailbox, with what became of the envelope.
extension Transaction {
    /// The outcome if the id is known in one of the deposit's mailboxes; nil if it is new.
    func knownDeposit(_ prepared: PreparedDeposit, name: [UInt8], to account: AccountID) throws -> DepositOutcome? {
        let asked = Set(prepared.deposit.envelopes.map(\.device))
        var items: [DepositReceipt.Item] = []
        var received = now
        var isConflict = false
        try eachRow(
            """
            SELECT device, digest, seq, received, expires FROM deposit
            WHERE account = ? AND name = ? AND forget > ? ORDER BY device
            """, [account, blob(name), now]
        ) { row in
            let device = try row.device(0)
            guard asked.contains(device) else { return true }
            isConflict = try row.bytes(1) != prepared.digest
            received = row.time(3)
            let outcome: EnvelopeOutcome =
                row.isNull(2) ? .mailboxFull : .stored(row.sequence(2), expires: row.time(4))
            items.append(.init(device: device, outcome: outcome, state: nil))
            return !isConflict
        }
        if isConflict { return .idConflict }
        guard !items.isEmpty else { return nil }
        return .accepted(DepositReceipt(recipient: account, received: received, new: false, items: items))
    }

    func remember(
        _ item: DepositReceipt.Item, of prepared: PreparedDeposit, name: [UInt8], to account: AccountID
    ) throws {
        let expires = now + prepared.deposit.ttl
        var seq: Sequence?
        if case .stored(let stored, _) = item.outcome { seq = stored }
        // Replaces a row whose time is over and that is not yet swept.
        try run(
            """
            INSERT OR REPLACE INTO deposit (account, name, device, digest, seq, received, expires, forget)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                account, blob(name), item.device, blob(prepared.digest), seq, now, expires,
                now + max(prepared.deposit.ttl, Limits.idMemory),
            ])
    }
}
