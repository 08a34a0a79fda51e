/// What a node tells the others of a commit.
package enum RemoteWake: Hashable, Sendable {
    /// Something happened in the mailbox: its polls read the store.
    case mailbox(MailboxKey)
    /// The account's device list, devices or other state changed.
    case account(AccountID)
}

/// What a wake channel tells its node.
package enum WakeEvent: Sendable {
    /// Other nodes' wakes.
    case woken([RemoteWake])
    /// The channel is up (again): what was told before may have been missed.
    case connected
    /// The channel is down: nothing is heard until `connected`.
    case disconnected(String)
}

/// Carries wakes between the nodes on one database. It may lose them: whoever waits re-checks.
package protocol WakeChannel: Sendable {
    /// Hands wakes to the other nodes soon after; returns at once and never throws. Own wakes do not come back.
    func publish(_ wakes: [RemoteWake])
    /// Hears and sends until cancelled.
    func run(_ handle: @escaping @Sendable (WakeEvent) -> Void) async
}
