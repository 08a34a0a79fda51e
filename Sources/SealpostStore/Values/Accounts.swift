import SealpostCore

/// An account as the store keeps it; the e-mail address is sealed at rest and opened here.
package struct Account: Sendable, Hashable {
    package var id: AccountID
    package var handle: Handle
    package var created: Timestamp
    package var email: String?
    /// Ed25519, 32 bytes.
    package var accountKey: [UInt8]?
    package var list: StoredDeviceList?

    package init(
        id: AccountID, handle: Handle, created: Timestamp, email: String?, accountKey: [UInt8]?,
        list: StoredDeviceList?
    ) {
        self.id = id
        self.handle = handle
        self.created = created
        self.email = email
        self.accountKey = accountKey
        self.list = list
    }
}

/// What others may know of an account.
package struct DirectoryEntry: Sendable, Hashable {
    package var id: AccountID
    package var handle: Handle
    /// Ed25519, 32 bytes.
    package var accountKey: [UInt8]?
    package var list: StoredDeviceList?

    package init(id: AccountID, handle: Handle, accountKey: [UInt8]?, list: StoredDeviceList?) {
        self.id = id
        self.handle = handle
        self.accountKey = accountKey
        self.list = list
    }
}

/// A signed device list as it was uploaded; the caller has verified it, the store compares and keeps it.
package struct StoredDeviceList: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var device: DeviceNumber
        /// Ed25519, 32 bytes.
        package var identityKey: [UInt8]

        package init(device: DeviceNumber, identityKey: [UInt8]) {
            self.device = device
            self.identityKey = identityKey
        }
    }

    package var version: UInt64
    /// SHA-256 of `bytes`.
    package var hash: [UInt8]
    package var bytes: [UInt8]
    package var signature: [UInt8]

    package init(version: UInt64, hash: [UInt8], bytes: [UInt8], signature: [UInt8]) {
        self.version = version
        self.hash = hash
        self.bytes = bytes
        self.signature = signature
    }
}

/// A change of the device list: compare and set.
package struct DeviceListChange: Sendable {
    package var list: StoredDeviceList
    /// The hash of the list before; 32 zero bytes for the first.
    package var previous: [UInt8]
    /// What the list's bytes name; each must be a registered device with that key.
    package var entries: [StoredDeviceList.Entry]
    /// The account key that signed it.
    package var accountKey: [UInt8]

    package init(
        list: StoredDeviceList, previous: [UInt8], entries: [StoredDeviceList.Entry], accountKey: [UInt8]
    ) {
        self.list = list
        self.previous = previous
        self.entries = entries
        self.accountKey = accountKey
    }
}

package enum DeviceListOutcome: Sendable, Hashable {
    /// Stored, or it was stored already (a repeat whose answer was lost).
    case stored
    /// Version or predecessor do not follow what is stored.
    case conflict(version: UInt64?, hash: [UInt8]?)
    case noAccountKey
    /// The list is signed by a key that is not the account's.
    case otherAccountKey
    /// The list names a device that is not registered, or with another key.
    case unknownDevice(DeviceNumber)
    case unknownAccount
}

package struct NewAccount: Sendable {
    package var handle: Handle
    /// Argon2id in its string form.
    package var passwordHash: String
    package var email: String?
    package var accountKey: [UInt8]?
    package var session: NewSession

    package init(handle: Handle, passwordHash: String, email: String?, accountKey: [UInt8]?, session: NewSession) {
        self.handle = handle
        self.passwordHash = passwordHash
        self.email = email
        self.accountKey = accountKey
        self.session = session
    }
}

package enum AccountCreation: Sendable {
    case created(Account, Session)
    case handleTaken
    case emailTaken
}

/// How a person names the account to sign in to.
package enum Login: Sendable, Hashable {
    case handle(Handle)
    case email(String)
}

/// What it takes to check a sign-in.
package struct Credentials: Sendable {
    package var account: AccountID
    package var handle: Handle
    package var passwordHash: String?
    package var accountKey: [UInt8]?

    package init(account: AccountID, handle: Handle, passwordHash: String?, accountKey: [UInt8]?) {
        self.account = account
        self.handle = handle
        self.passwordHash = passwordHash
        self.accountKey = accountKey
    }
}

/// What is to be changed in an account; absent members stay.
package struct AccountChange: Sendable {
    /// `.some(nil)` removes the address.
    package var email: String??
    /// A new password ends every session but `keeping`.
    package var passwordHash: String?
    package var keeping: RecordID?

    package init(email: String?? = nil, passwordHash: String? = nil, keeping: RecordID? = nil) {
        self.email = email
        self.passwordHash = passwordHash
        self.keeping = keeping
    }
}

package enum AccountChangeOutcome: Sendable {
    case changed(Account)
    case emailTaken
    case unknownAccount
}
