import SealpostCore

/// An account that this profile knows.
public struct Contact: Hashable, Sendable, Codable {
    public var handle: Handle
    /// The pinned account key, Ed25519.
    public var accountKey: Base64
    public var firstSeen: Timestamp
    /// Whether the user compared safety numbers for this key.
    public var verified: Bool
    /// Another account key that the server gives now: nothing is sent until it is accepted.
    public var offeredKey: Base64?
    public var listVersion: UInt64
    public var devices: [DeviceNumber]
    /// The name from the contact's own profile message.
    public var name: String?
}

/// Who this profile is.
public struct Identity: Hashable, Sendable, Codable {
    public enum State: String, Hashable, Sendable, Codable {
        /// Waits until a list signed by the account key names it.
        case pending
        case listed
        /// Was listed and is not any more.
        case removed
    }

    public var server: String
    public var handle: Handle
    public var device: DeviceNumber
    public var state: State
    /// Whether this device signs the account's device lists.
    public var holdsAccountKey: Bool
    public var accountKey: Base64
    public var listVersion: UInt64
}

/// A device of one's own account.
public struct OwnDevice: Hashable, Sendable, Codable {
    public var number: DeviceNumber
    public var name: String
    public var state: DeviceState
    public var created: Timestamp
    public var lastSeen: Timestamp?
    public var isThisDevice: Bool
}
