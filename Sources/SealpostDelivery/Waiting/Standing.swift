import SealpostCore
import SealpostStore

/// Where a parked poll stands: what it has seen is no news to it.
package struct Standing: Hashable, Sendable {
    /// Where the poll's answer would begin.
    package let cursor: Sequence
    /// Tells states of an account apart, within this process: a parked poll keeps a word and not the state. That two
    /// states have the same is as likely as a guess of 64 bits.
    private let account: Int

    package init(cursor: Sequence, account: AccountState) {
        self.cursor = cursor
        self.account = account.hashValue
    }

    /// Whether a poll that stands here has something to read there; nil is a device that is gone.
    package func isBehind(_ head: MailboxHead?) -> Bool {
        guard let head else { return true }
        return head.head > cursor || head.account.hashValue != account
    }
}
