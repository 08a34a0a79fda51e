import PostgresKit
import SealpostCore
import SealpostStore

/// A batch of claims in three round trips, however many they are: lock and look; read the keys that are to be given;
/// take them and commit.
extension Transaction {
    /// Locks all mailboxes of each account, so that a request id is settled once whatever devices it names.
    func claim(_ claims: [Claim]) throws -> [ClaimOutcome] {
        var batch = try ClaimBatch(claims, self)
        var outcomes: [ClaimOutcome?] = []
        for (index, claim) in claims.enumerated() { outcomes.append(try batch.plan(claim, index, self)) }
        try batch.readKeys(self)
        for (index, outcome) in outcomes.enumerated() where outcome == nil {
            outcomes[index] = try batch.take(claims[index], index, self)
        }
        try batch.save(self)
        return outcomes.compactMap { $0 }
    }

    func knownClaim(_ claim: Claim) throws -> ClaimOutcome? {
        guard let account = try row("SELECT id FROM account WHERE handle = \(claim.target.description)") else {
            return nil
        }
        let id = try account.account(0)
        for name in names(of: claim) {
            let known = try row(
                "SELECT request, answer FROM claim WHERE account = \(id) AND name = \(name) AND expires > \(now)")
            guard let known else { continue }
            guard try known.bytes(0) == claim.digest else { return .idConflict }
            return .claimed(try ClaimAnswer(stored: known.bytes(1)), account: id)
        }
        return nil
    }

    func names(of claim: Claim) -> [[UInt8]] {
        keyring.names(of: claim.requestID, by: claim.depositor, for: .claim, at: now)
    }
}
