import SealpostCore

/// The store's own name of an account; never shown to others than its owner, never reused.
package struct AccountID: Hashable, Comparable, Sendable, Codable {
    package let value: Int64

    package init(_ value: Int64) {
        self.value = value
    }

    package static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// The store's key of a mailbox (and of the device that it belongs to).
package struct MailboxKey: Hashable, Comparable, Sendable {
    package let account: AccountID
    package let device: DeviceNumber

    package init(account: AccountID, device: DeviceNumber) {
        self.account = account
        self.device = device
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.account, left.device) < (right.account, right.device)
    }
}

/// 16 random bytes that name a session, an API token or a deposit token.
package struct RecordID: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    package init?(_ text: String) {
        guard let bytes = Base64URL.decode(text) else { return nil }
        self.init(bytes)
    }

    /// base64url, 22 characters.
    package var description: String { Base64URL.encode(bytes) }
}

/// Who deposits or claims: part of the idempotency key, kept in the store only as a keyed hash.
package enum Depositor: Hashable, Sendable {
    case account(AccountID)
    case token(RecordID)
}
