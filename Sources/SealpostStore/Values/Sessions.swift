import SealpostCore

package struct NewSession: Sendable {
    package var id: RecordID
    package var device: DeviceNumber?

    package init(id: RecordID, device: DeviceNumber? = nil) {
        self.id = id
        self.device = device
    }
}

/// A session: the family of refresh tokens (id, n).
package struct Session: Sendable, Hashable {
    package var id: RecordID
    package var account: AccountID
    package var handle: Handle
    package var device: DeviceNumber?
    package var created: Timestamp
    package var lastUsed: Timestamp
    /// The end of its absolute life.
    package var ends: Timestamp
    /// The number of the current refresh token, from 1.
    package var current: Int64
    /// When the owner last proved who they are: the creation of the session.
    package var authenticated: Timestamp

    package init(
        id: RecordID, account: AccountID, handle: Handle, device: DeviceNumber?, created: Timestamp,
        lastUsed: Timestamp, ends: Timestamp, current: Int64, authenticated: Timestamp
    ) {
        self.id = id
        self.account = account
        self.handle = handle
        self.device = device
        self.created = created
        self.lastUsed = lastUsed
        self.ends = ends
        self.current = current
        self.authenticated = authenticated
    }
}

/// What a sign-in was checked against, as it was read before.
package enum VerifiedCredential: Sendable, Hashable {
    /// Argon2id in its string form.
    case passwordHash(String)
    /// Ed25519, 32 bytes.
    case accountKey([UInt8])
}

package enum SessionCreation: Sendable {
    case created(Session)
    case unknownAccount
    /// The account has another password or key by now.
    case credentialChanged
    /// The device was removed in between.
    case unknownDevice
}

package enum RefreshOutcome: Sendable, Hashable {
    /// n was current (now n + 1), or n − 1 was shown again (a lost answer): `current` is to be given out.
    case refreshed(Session)
    /// An older one was shown: the family is now revoked.
    case reused
    /// Never there, ended, or its life is over.
    case unknown
}

package struct NewToken: Sendable {
    package var id: RecordID
    package var account: AccountID
    /// The session that makes it.
    package var session: RecordID
    package var name: String
    package var scopes: [Scope]
    /// None, or that of the session.
    package var device: DeviceNumber?
    package var expires: Timestamp
    /// From the header `Idempotency-Key`.
    package var idempotencyKey: String?

    package init(
        id: RecordID, account: AccountID, session: RecordID, name: String, scopes: [Scope], device: DeviceNumber?,
        expires: Timestamp, idempotencyKey: String?
    ) {
        self.id = id
        self.account = account
        self.session = session
        self.name = name
        self.scopes = scopes
        self.device = device
        self.expires = expires
        self.idempotencyKey = idempotencyKey
    }
}

/// An API token's record; the token itself is signed from it and not stored.
package struct APIToken: Sendable, Hashable {
    package var id: RecordID
    package var account: AccountID
    package var handle: Handle
    package var name: String
    package var scopes: [Scope]
    package var device: DeviceNumber?
    package var created: Timestamp
    package var expires: Timestamp

    package init(
        id: RecordID, account: AccountID, handle: Handle, name: String, scopes: [Scope], device: DeviceNumber?,
        created: Timestamp, expires: Timestamp
    ) {
        self.id = id
        self.account = account
        self.handle = handle
        self.name = name
        self.scopes = scopes
        self.device = device
        self.created = created
        self.expires = expires
    }
}

package enum TokenCreation: Sendable {
    /// Made now, or by an earlier call with the same idempotency key and content.
    case created(APIToken)
    /// The idempotency key was used with other content.
    case idConflict
    case tooMany
    /// The session ended, or is not that device.
    case unknownSession
}

/// Whose bearers are refused from now on.
package enum RevokedSubject: Sendable, Hashable {
    case session(RecordID)
    case token(RecordID)
    /// Every session and token that is bound to the device.
    case device(MailboxKey)
    /// Every session and token of the account.
    case account(AccountID)
}

/// An entry of the revocation log.
package struct Revocation: Sendable, Hashable {
    /// Counted from 1 under one lock row: a reader that has seen n never later finds a smaller one.
    package var number: Int64
    package var subject: RevokedSubject
    /// After this no bearer of the subject would be valid anyway.
    package var until: Timestamp

    package init(number: Int64, subject: RevokedSubject, until: Timestamp) {
        self.number = number
        self.subject = subject
        self.until = until
    }
}
