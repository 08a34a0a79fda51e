import SealpostCore
import SealpostDelivery
import SealpostStore

/// Who calls: what a verified bearer says, without a look into the store.
package struct Principal: Sendable, Hashable {
    package let account: AccountID
    package let handle: Handle
    /// The device that the session or token is bound to; it may be pending or removed.
    package let device: DeviceNumber?
    package let credential: Bearer.Credential
    /// A session has all.
    package let scopes: Set<Scope>
    /// When the owner last proved who they are; nil for API tokens.
    package let authenticated: Timestamp?
    package let expires: Timestamp

    package init(
        account: AccountID, handle: Handle, device: DeviceNumber?, credential: Bearer.Credential, scopes: Set<Scope>,
        authenticated: Timestamp?, expires: Timestamp
    ) {
        self.account = account
        self.handle = handle
        self.device = device
        self.credential = credential
        self.scopes = scopes
        self.authenticated = authenticated
        self.expires = expires
    }

    /// The session; nil for API tokens.
    package var session: RecordID? {
        if case .session(let id) = credential { id } else { nil }
    }

    /// What parked polls and the revocation table know the caller by.
    package var bearer: Bearer { Bearer(account: account, device: device, credential: credential) }

    package var depositor: Depositor { .account(account) }

    /// What a recipient sees as `from`: the device's address, or the handle.
    package var sender: String {
        device.map { MailboxAddress(handle: handle, device: $0).description } ?? handle.description
    }

    /// The device's key in the store; nil without a device.
    package var ownDevice: MailboxKey? { device.map { MailboxKey(account: account, device: $0) } }

    /// The device's mailbox; throws `no_device` without one.
    package func mailbox() throws(Problem) -> MailboxKey {
        guard let ownDevice else {
            throw Problem(.noDevice, "sign in with device, challenge and proof, or register a device")
        }
        return ownDevice
    }

    /// Throws unless this caller has the access that an endpoint asks for.
    func check(_ access: Endpoint.Access, now: Timestamp) throws(Problem) {
        switch access {
        case .open:
            return
        case .session:
            try requireSession()
        case .freshSession:
            try requireSession()
            guard let authenticated, now - authenticated <= Limits.freshness else {
                throw Problem(
                    .freshSignInRequired,
                    "this needs a session that signed in within the last \(Limits.freshness.components.seconds / 60) minutes"
                )
            }
        case .scope(let scope):
            guard scopes.contains(scope) else {
                throw Problem(.insufficientScope, "the token lacks the scope \(scope.rawValue)")
            }
        }
    }

    private func requireSession() throws(Problem) {
        guard session != nil else {
            throw Problem(.insufficientScope, "this needs a session; an API token cannot do it")
        }
    }
}
