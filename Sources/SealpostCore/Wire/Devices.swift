/// `POST /v1/devices`.
public struct DeviceRequest: RequestBody {
    public var name: String
    public var identityKey: Base64
    public var signedPrekey: Strict<SignedKey>
    public var lastResortKEMPrekey: Strict<SignedKey>
    public var sealingKey: Strict<SealingKey>
    public var challenge: Base64
    public var proof: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, challenge, proof
        case identityKey = "identity_key"
        case signedPrekey = "signed_prekey"
        case lastResortKEMPrekey = "last_resort_kem_prekey"
        case sealingKey = "sealing_key"
    }

    public init(name: String, identityKey: Base64, prekeys: LongLivedPrekeys, challenge: Base64, proof: Base64) {
        self.name = name
        self.identityKey = identityKey
        signedPrekey = prekeys.signedPrekey
        lastResortKEMPrekey = prekeys.lastResortKEMPrekey
        sealingKey = prekeys.sealingKey
        self.challenge = challenge
        self.proof = proof
    }

    public var prekeys: LongLivedPrekeys {
        LongLivedPrekeys(
            signedPrekey: signedPrekey.body, lastResortKEMPrekey: lastResortKEMPrekey.body,
            sealingKey: sealingKey.body)
    }
}

/// The answer to `POST /v1/devices`: the number, and the session that is now that device.
public struct DeviceRegistrationAnswer: Codable, Sendable, Hashable {
    public var device: DeviceNumber
    public var session: SessionAnswer

    public init(device: DeviceNumber, session: SessionAnswer) {
        self.device = device
        self.session = session
    }
}

/// What a device is to others.
public enum DeviceState: String, Codable, Sendable {
    /// Registered, and not named by the account's device list.
    case pending
    case listed
    /// Listed, and no fetch for 45 days.
    case dormant
}

/// One device of the caller's account.
public struct DeviceAnswer: Codable, Sendable, Hashable {
    public var device: DeviceNumber
    public var name: String
    public var identityKey: Base64
    public var state: DeviceState
    public var created: Timestamp
    /// The last fetch, to the hour.
    public var lastSeen: Timestamp?

    public enum CodingKeys: String, CodingKey {
        case device, name, state, created
        case identityKey = "identity_key"
        case lastSeen = "last_seen"
    }

    public init(
        device: DeviceNumber, name: String, identityKey: Base64, state: DeviceState, created: Timestamp,
        lastSeen: Timestamp?
    ) {
        self.device = device
        self.name = name
        self.identityKey = identityKey
        self.state = state
        self.created = created
        self.lastSeen = lastSeen
    }
}

/// `GET /v1/devices`.
public struct DevicesAnswer: Codable, Sendable, Hashable {
    public var devices: [DeviceAnswer]

    public init(devices: [DeviceAnswer]) {
        self.devices = devices
    }
}

/// `PUT /v1/account/device-list`: the list's bytes and the account key's signature over them.
public struct DeviceListRequest: RequestBody {
    public var list: Base64
    public var signature: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case list, signature
    }

    public init(list: Base64, signature: Base64) {
        self.list = list
        self.signature = signature
    }
}

/// The stored list's version and hash; the hash is also the `ETag`.
public struct DeviceListAnswer: Codable, Sendable, Hashable {
    public var listVersion: UInt64
    public var listHash: Base64

    public enum CodingKeys: String, CodingKey {
        case listVersion = "list_version"
        case listHash = "list_hash"
    }

    public init(listVersion: UInt64, listHash: Base64) {
        self.listVersion = listVersion
        self.listHash = listHash
    }
}

/// `POST /v1/devices/{n}/openings`: the newest opening number that the client knows (0 at first) and 16 random bytes.
public struct OpeningRequest: RequestBody {
    public var last: UInt64
    public var nonce: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case last, nonce
    }

    public init(last: UInt64, nonce: Base64) {
        self.last = last
        self.nonce = nonce
    }
}

/// The next opening number.
public struct OpeningAnswer: Codable, Sendable, Hashable {
    public var opening: UInt64

    public init(opening: UInt64) {
        self.opening = opening
    }
}
