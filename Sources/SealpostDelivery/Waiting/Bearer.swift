import SealpostCore
import SealpostStore

/// Who waits, as far as it matters for sending them away.
package struct Bearer: Hashable, Sendable {
    package enum Credential: Hashable, Sendable {
        case session(RecordID)
        case token(RecordID)
    }

    package var account: AccountID
    package var device: DeviceNumber?
    package var credential: Credential

    package init(account: AccountID, device: DeviceNumber?, credential: Credential) {
        self.account = account
        self.device = device
        self.credential = credential
    }

    /// Every subject whose revocation ends this bearer.
    package var subjects: [RevokedSubject] {
        let own: RevokedSubject =
            switch credential {
            case .session(let id): .session(id)
            case .token(let id): .token(id)
            }
        guard let device else { return [own, .account(account)] }
        return [own, .account(account), .device(MailboxKey(account: account, device: device))]
    }
}
