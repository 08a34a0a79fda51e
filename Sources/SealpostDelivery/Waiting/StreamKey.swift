import SealpostStore

/// Anything with a seq that can be polled.
package enum StreamKey: Hashable, Sendable {
    case mailbox(MailboxKey)

    /// Whose stream it is: streams of one account wait in one shard.
    var account: AccountID {
        switch self {
        case .mailbox(let key): key.account
        }
    }
}
