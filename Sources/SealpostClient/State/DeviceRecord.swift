import Ratchet
import SealpostCore
import SodiumKit

/// Who this device is, and how far it has come.
struct DeviceRecord: Codable, Sendable {
    enum Phase: String, Codable, Sendable {
        /// Keys exist; the account may or may not exist on the server.
        case registering
        /// Signed in as the account; the device may or may not be registered.
        case signedIn = "signed_in"
        /// Registered; no list names it yet.
        case pending
        case listed
        case removed
    }

    static let key = "device"

    var server: String
    var handle: Handle
    /// The name of the device for people.
    var name: String
    var phase: Phase
    var number: DeviceNumber?
    /// The account key: one's own, or as the server gave it at the sign-in of this device.
    var accountKey: Base64?
    /// A list that was signed and is not known to be on the server: this version is never signed with other bytes.
    var draft: SignedList?
}

/// The device's signing keys in protected memory.
final class DeviceKeys: Sendable {
    let identity: DeviceIdentity
    /// The account key, on the device that holds it.
    let account: HeldAccountKey?

    /// A class, because a value that cannot be copied cannot be taken out of an optional.
    final class HeldAccountKey: Sendable {
        let key: AccountKey

        init(_ key: consuming AccountKey) {
            self.key = key
        }
    }

    init(identity: consuming DeviceIdentity, account: HeldAccountKey?) {
        self.identity = identity
        self.account = account
    }
}

extension DeviceKeys {
    private static let identitySeed = "identity"
    private static let accountSeed = "account"

    /// Makes the identity key and stores its seed.
    static func create(in transaction: Transaction) throws {
        try transaction.setBytes(DeviceIdentity().seed().exposedBytes(), identitySeed, in: .seed)
    }

    /// Makes the account key, unless there is one, and stores its seed; returns its public half.
    static func createAccountKey(in transaction: Transaction) throws -> [UInt8] {
        if let key = try load(in: transaction).account { return key.key.publicKey }
        let key = AccountKey()
        try transaction.setBytes(key.seed().exposedBytes(), accountSeed, in: .seed)
        return key.publicKey
    }

    static func load(in transaction: Transaction) throws -> DeviceKeys {
        guard let identity = try transaction.bytes(identitySeed, in: .seed) else {
            throw ProfileError.damaged("the identity key is missing")
        }
        let account = try transaction.bytes(accountSeed, in: .seed).map {
            HeldAccountKey(try AccountKey(seed: SecretBytes(copying: $0)))
        }
        return DeviceKeys(identity: try DeviceIdentity(seed: SecretBytes(copying: identity)), account: account)
    }
}

/// The opening number: what tells a restored or cloned profile from the newest one.
struct OpeningRecord: Codable, Sendable {
    static let key = "opening"

    /// The newest number that the server gave, 0 at first.
    var last: UInt64 = 0
    /// The nonce of an opening that was asked for and not answered yet.
    var nonce: Base64?
}

/// How far the mailbox is stored and acknowledged.
struct MailboxRecord: Codable, Sendable {
    static let key = "mailbox"

    /// Everything through it is stored here.
    var stored = Sequence.start
    /// The server has been told so.
    var acknowledged = Sequence.start
    /// The number of the last message that a handler took.
    var handled: Int64 = 0
    /// `refused` as it was last told.
    var refused: Int64 = 0
    /// Lost envelopes by the first sequence number of their tombstone, since the last fresh handshakes.
    var losses: [Int64: Int] = [:]
    /// Pending devices that the user was told of.
    var toldPending: [DeviceNumber] = []

    /// After so many lost envelopes sessions are started afresh, well before a chain's limit of 1,000.
    static let greatestLoss = 500
}
