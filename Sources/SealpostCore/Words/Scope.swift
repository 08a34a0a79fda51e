/// What an API token may do.
public enum Scope: String, Codable, Sendable, CaseIterable {
    /// Fetch, acknowledge and poll the mailbox of the token's device.
    case mailbox
    /// Look accounts up, claim prekeys, deposit and withdraw.
    case deposit
    case roomsRead = "rooms:read"
    case roomsWrite = "rooms:write"
    case webhooks
    /// Read the account, its devices and limits.
    case account
}
