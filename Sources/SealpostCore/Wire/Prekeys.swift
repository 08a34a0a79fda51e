/// A prekey with a signature by the device's identity key: the signed prekey (X25519, 32 bytes) or an ML-KEM-1024
/// prekey (1,568 bytes).
public struct SignedKey: RequestBody {
    public var id: UInt32
    public var key: Base64
    public var signature: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, key, signature
    }

    public init(id: UInt32, key: Base64, signature: Base64) {
        self.id = id
        self.key = key
        self.signature = signature
    }
}

/// A sealing key (X-Wing, 1,216 bytes); `created` in seconds since 1970 is part of what is signed.
public struct SealingKey: RequestBody {
    public var id: UInt32
    public var created: UInt64
    public var key: Base64
    public var signature: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, created, key, signature
    }

    public init(id: UInt32, created: UInt64, key: Base64, signature: Base64) {
        self.id = id
        self.created = created
        self.key = key
        self.signature = signature
    }
}

/// A one-time X25519 prekey, unsigned.
public struct OneTimeKey: RequestBody {
    public var id: UInt32
    public var key: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case id, key
    }

    public init(id: UInt32, key: Base64) {
        self.id = id
        self.key = key
    }
}

/// The long-lived prekeys of a device; also the body of `PUT /v1/devices/{n}/signed-prekeys`.
public struct LongLivedPrekeys: RequestBody {
    public var signedPrekey: Strict<SignedKey>
    public var lastResortKEMPrekey: Strict<SignedKey>
    public var sealingKey: Strict<SealingKey>

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case signedPrekey = "signed_prekey"
        case lastResortKEMPrekey = "last_resort_kem_prekey"
        case sealingKey = "sealing_key"
    }

    public init(signedPrekey: SignedKey, lastResortKEMPrekey: SignedKey, sealingKey: SealingKey) {
        self.signedPrekey = Strict(signedPrekey)
        self.lastResortKEMPrekey = Strict(lastResortKEMPrekey)
        self.sealingKey = Strict(sealingKey)
    }
}

/// `POST /v1/devices/{n}/one-time-prekeys`: at most 100 of a kind.
public struct OneTimePrekeysRequest: RequestBody {
    public var oneTimePrekeys: [Strict<OneTimeKey>]?
    public var oneTimeKEMPrekeys: [Strict<SignedKey>]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case oneTimePrekeys = "one_time_prekeys"
        case oneTimeKEMPrekeys = "one_time_kem_prekeys"
    }

    public init(oneTimePrekeys: [OneTimeKey], oneTimeKEMPrekeys: [SignedKey]) {
        self.oneTimePrekeys = oneTimePrekeys.map(Strict.init)
        self.oneTimeKEMPrekeys = oneTimeKEMPrekeys.map(Strict.init)
    }
}

/// How many one-time prekeys of each kind the server holds, and whether it wants more.
public struct PrekeyCounts: Codable, Sendable, Hashable {
    public var oneTime: Int
    public var oneTimeKEM: Int
    /// Whether either count is below `Limits.prekeysLow`.
    public var low: Bool

    public enum CodingKeys: String, CodingKey {
        case oneTime = "one_time"
        case oneTimeKEM = "one_time_kem"
        case low
    }

    public init(oneTime: Int, oneTimeKEM: Int) {
        self.oneTime = oneTime
        self.oneTimeKEM = oneTimeKEM
        low = min(oneTime, oneTimeKEM) < Limits.prekeysLow
    }
}

/// `GET /v1/devices/{n}/prekeys`: the counts, and the digest over all public prekeys that the server holds.
public struct PrekeyStateAnswer: Codable, Sendable, Hashable {
    public var counts: PrekeyCounts
    public var digest: Base64

    public init(counts: PrekeyCounts, digest: Base64) {
        self.counts = counts
        self.digest = digest
    }
}

/// `POST /v1/accounts/{handle}/claims`.
public struct ClaimRequest: RequestBody {
    public var requestID: EnvelopeID
    public var devices: [DeviceNumber]?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case devices
        case requestID = "request_id"
    }

    public init(requestID: EnvelopeID, devices: [DeviceNumber]? = nil) {
        self.requestID = requestID
        self.devices = devices
    }
}

/// What it takes to open a session with one device.
public struct PrekeyBundleAnswer: Codable, Sendable, Hashable {
    public struct KEMPrekey: Codable, Sendable, Hashable {
        public var id: UInt32
        public var key: Base64
        public var signature: Base64
        public var lastResort: Bool

        public enum CodingKeys: String, CodingKey {
            case id, key, signature
            case lastResort = "last_resort"
        }

        public init(id: UInt32, key: Base64, signature: Base64, lastResort: Bool) {
            self.id = id
            self.key = key
            self.signature = signature
            self.lastResort = lastResort
        }
    }

    public var device: DeviceNumber
    public var identityKey: Base64
    public var signedPrekey: SignedKey
    public var oneTimePrekey: OneTimeKey?
    public var kemPrekey: KEMPrekey
    public var sealingKey: SealingKey

    public enum CodingKeys: String, CodingKey {
        case device
        case identityKey = "identity_key"
        case signedPrekey = "signed_prekey"
        case oneTimePrekey = "one_time_prekey"
        case kemPrekey = "kem_prekey"
        case sealingKey = "sealing_key"
    }

    public init(
        device: DeviceNumber, identityKey: Base64, signedPrekey: SignedKey, oneTimePrekey: OneTimeKey?,
        kemPrekey: KEMPrekey, sealingKey: SealingKey
    ) {
        self.device = device
        self.identityKey = identityKey
        self.signedPrekey = signedPrekey
        self.oneTimePrekey = oneTimePrekey
        self.kemPrekey = kemPrekey
        self.sealingKey = sealingKey
    }
}

/// The answer to a claim: the signed device list and a bundle for each device.
public struct ClaimAnswer: Codable, Sendable, Hashable {
    public var list: Base64
    public var signature: Base64
    public var bundles: [PrekeyBundleAnswer]

    public init(list: Base64, signature: Base64, bundles: [PrekeyBundleAnswer]) {
        self.list = list
        self.signature = signature
        self.bundles = bundles
    }
}
