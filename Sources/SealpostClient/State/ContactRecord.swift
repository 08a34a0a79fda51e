import SealpostCore

/// What this device knows of an account and has checked; one's own account has one, too.
///
/// The account key is pinned at first use. A list is taken only if the pinned key signed it for this handle, its
/// version is not lower than the last seen, its bytes are equal at an equal version, and it names the list before it
/// when it follows directly. So a server that adds a device, forks, freezes or exchanges lists is noticed here.
struct ContactRecord: Codable, Hashable, Sendable {
    /// A list that was the newest one for a time.
    struct EarlierList: Codable, Hashable, Sendable {
        var version: UInt64
        var hash: Base64
        var devices: [SignedList.Device]
        /// When this device learned of a newer one.
        var replaced: Timestamp
    }

    /// Another account key that the server names, with the list that it signs.
    struct Offer: Codable, Hashable, Sendable {
        var accountKey: Base64
        var list: SignedList
        var seen: Timestamp
    }

    /// How many replaced lists are remembered.
    static let earlierLists = 20

    let handle: Handle
    private(set) var accountKey: Base64
    let firstSeen: Timestamp
    var verified = false
    private(set) var list: SignedList
    private(set) var earlier: [EarlierList] = []
    private(set) var offer: Offer?
    /// The name from the contact's own profile message.
    var name: String?
    /// The contact's deposit token from the same place.
    var depositToken: String?

    /// Pins the account key of an account that was never seen.
    init(firstUse handle: Handle, _ offer: ListOffer, now: Timestamp) throws(TrustFailure) {
        guard let key = offer.namedAccountKey else {
            throw TrustFailure(handle, .listMalformed)
        }
        self.handle = handle
        accountKey = Base64(key)
        firstSeen = now
        list = try SignedList(checking: offer, of: handle, by: key)
    }

    /// The account of this device, whose list it has just signed.
    init(own handle: Handle, accountKey: [UInt8], list: SignedList, now: Timestamp) {
        self.handle = handle
        self.accountKey = Base64(accountKey)
        firstSeen = now
        verified = true
        self.list = list
    }
}

extension ContactRecord {
    /// What became of an offered list.
    enum Update: Hashable, Sendable {
        case unchanged
        case newer
    }

    /// Takes the list if it may follow the known one. When another account key is offered, remembers it and throws
    /// `accountKeyChanged`: the caller keeps the changed record also then.
    mutating func take(_ offer: ListOffer, now: Timestamp) throws(TrustFailure) -> Update {
        guard let key = offer.namedAccountKey else {
            throw TrustFailure(handle, .listMalformed)
        }
        guard key == accountKey.bytes else {
            let list = try SignedList(checking: offer, of: handle, by: key)
            self.offer = Offer(accountKey: Base64(key), list: list, seen: now)
            throw TrustFailure(handle, .accountKeyChanged)
        }
        let new = try SignedList(checking: offer, of: handle, by: accountKey.bytes)
        guard new.version >= list.version else {
            throw TrustFailure(handle, .listRolledBack, "version \(new.version), seen was \(list.version)")
        }
        if new.version == list.version {
            guard new.bytes == list.bytes else {
                throw TrustFailure(handle, .listForked, "version \(new.version)")
            }
            return .unchanged
        }
        guard new.version > list.version + 1 || new.previous == list.hash else {
            throw TrustFailure(handle, .listChainBroken, "version \(new.version)")
        }
        replace(by: new, now: now)
        return .newer
    }

    /// Takes a list that this device signed for its own account.
    mutating func replace(by new: SignedList, now: Timestamp) {
        earlier.append(
            EarlierList(version: list.version, hash: list.hash, devices: list.devices, replaced: now))
        if earlier.count > Self.earlierLists { earlier.removeFirst(earlier.count - Self.earlierLists) }
        list = new
    }

    /// Forgets the offered key, on the user's word; false if there was none.
    mutating func rejectOffer() -> Bool {
        defer { offer = nil }
        return offer != nil
    }

    /// Pins the offered key, on the user's word; what was verified before is no longer.
    mutating func acceptOffer() -> Bool {
        guard let offer else { return false }
        accountKey = offer.accountKey
        list = offer.list
        earlier = []
        self.offer = nil
        verified = false
        return true
    }
}

extension ContactRecord {
    /// Where a device stands that claims to send mail.
    enum Standing: Hashable, Sendable {
        case listed
        /// It was on an earlier list, and the mail was received before that list was replaced.
        case removed
        case unlisted
        /// Listed with another identity key.
        case otherKey
    }

    func standing(of number: DeviceNumber, identityKey: [UInt8], received: Timestamp) -> Standing {
        if let device = list.device(number) {
            return device.identityKey.bytes == identityKey ? .listed : .otherKey
        }
        let wasListed = earlier.contains { list in
            received <= list.replaced
                && list.devices.contains { $0.number == number && $0.identityKey.bytes == identityKey }
        }
        return wasListed ? .removed : .unlisted
    }

    /// The hash of the list with this version, if it is remembered.
    func hash(ofVersion version: UInt64) -> Base64? {
        version == list.version ? list.hash : earlier.last { $0.version == version }?.hash
    }

    /// Every device on this list and the earlier ones.
    var knownDevices: Set<SignedList.Device> { Set(list.devices + earlier.flatMap(\.devices)) }

    /// The key of a device on this list or an earlier one.
    func identityKey(of number: DeviceNumber) -> [UInt8]? {
        list.device(number)?.identityKey.bytes
            ?? earlier.reversed().lazy.compactMap { $0.devices.first { $0.number == number }?.identityKey.bytes }.first
    }
}

extension Contact {
    init(_ record: ContactRecord) {
        self.init(
            handle: record.handle, accountKey: record.accountKey, firstSeen: record.firstSeen,
            verified: record.verified, offeredKey: record.offer?.accountKey, listVersion: record.list.version,
            devices: record.list.devices.map(\.number), name: record.name)
    }
}
