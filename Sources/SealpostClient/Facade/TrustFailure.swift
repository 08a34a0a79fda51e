import SealpostCore

/// What a server was caught at, or what only the user can decide about a contact.
public struct TrustFailure: Error, Hashable, Sendable, Codable {
    public enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        /// The account key is not the pinned one: nothing is sent to the contact until the user accepts the new key.
        case accountKeyChanged = "account_key_changed"
        /// Another account key is named for the account of this device than the one that this device made or was linked
        /// with; never accepted.
        case ownAccountKeyChanged = "own_account_key_changed"
        /// The list's bytes are not a device list.
        case listMalformed = "list_malformed"
        /// The list is not signed by the pinned account key: someone else made it.
        case listNotSigned = "list_not_signed"
        /// The list is about another handle.
        case listForAnotherHandle = "list_for_another_handle"
        /// The list is older than one that was seen before.
        case listRolledBack = "list_rolled_back"
        /// Two different lists have the same version.
        case listForked = "list_forked"
        /// The list does not name the list before it as its predecessor.
        case listChainBroken = "list_chain_broken"
        /// The owner has a newer list than the server hands out.
        case listFrozen = "list_frozen"
        /// The server hands out no list for an account that had one.
        case listWithheld = "list_withheld"
        /// A device's key is not the one on the list.
        case identityKeyMismatch = "identity_key_mismatch"
        /// A device that is not on the list sent mail or was offered as a recipient.
        case unlistedDevice = "unlisted_device"
        /// A prekey's signature does not verify.
        case prekeyNotSigned = "prekey_not_signed"
    }

    public let handle: Handle
    public let reason: Reason
    /// Numbers for people: versions, devices.
    public let detail: String

    public init(_ handle: Handle, _ reason: Reason, _ detail: String = "") {
        self.handle = handle
        self.reason = reason
        self.detail = detail
    }
}

extension TrustFailure: CustomStringConvertible {
    public var description: String {
        let text =
            switch reason {
            case .accountKeyChanged:
                "the account key of \(handle) changed: compare safety numbers, then accept it with verify"
            case .ownAccountKeyChanged:
                "the server names another account key for \(handle) than this device knows: unless another device of "
                    + "yours made it first, do not trust the server; if one did, link this machine with a new profile"
            case .listMalformed: "the server gave something that is no device list for \(handle)"
            case .listNotSigned: "the device list of \(handle) is not signed by the account key"
            case .listForAnotherHandle: "the server gave another account's device list for \(handle)"
            case .listRolledBack: "the server gave an old device list for \(handle)"
            case .listForked: "there are two different device lists of \(handle) with the same version"
            case .listChainBroken: "the device list of \(handle) does not follow the one known before"
            case .listFrozen: "the server withholds the newest device list of \(handle)"
            case .listWithheld: "the server gives no device list for \(handle)"
            case .identityKeyMismatch: "a device key of \(handle) is not the listed one"
            case .unlistedDevice: "a device of \(handle) is not on the device list"
            case .prekeyNotSigned: "a prekey of \(handle) is not signed by its device"
            }
        return detail.isEmpty ? text : "\(text) (\(detail))"
    }
}
