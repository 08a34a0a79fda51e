/// The answer to `POST /v1/sessions/challenge`: 32 bytes, good once, for five minutes.
public struct ChallengeAnswer: Codable, Sendable, Hashable {
    public var challenge: Base64
    public var expires: Timestamp

    public init(challenge: Base64, expires: Timestamp) {
        self.challenge = challenge
        self.expires = expires
    }
}

/// `POST /v1/sessions`: handle or e-mail and password; or, when the password is forgotten, handle, challenge and a
/// `key_signature` by the account key. With `device`, `challenge` and `proof` the session is that device.
public struct SignInRequest: RequestBody {
    public var handle: Handle?
    public var email: String?
    public var password: String?
    public var device: DeviceNumber?
    public var challenge: Base64?
    public var proof: Base64?
    public var keySignature: Base64?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case handle, email, password, device, challenge, proof
        case keySignature = "key_signature"
    }

    public init(
        handle: Handle? = nil, email: String? = nil, password: String? = nil, device: DeviceNumber? = nil,
        challenge: Base64? = nil, proof: Base64? = nil, keySignature: Base64? = nil
    ) {
        self.handle = handle
        self.email = email
        self.password = password
        self.device = device
        self.challenge = challenge
        self.proof = proof
        self.keySignature = keySignature
    }
}

/// A session's tokens.
public struct SessionAnswer: Codable, Sendable, Hashable {
    public var id: String
    public var handle: Handle
    public var device: DeviceNumber?
    public var accessToken: String
    /// When the access token expires.
    public var expires: Timestamp
    public var refreshToken: String
    /// When the session ends for good.
    public var ends: Timestamp

    public enum CodingKeys: String, CodingKey {
        case id, handle, device, expires, ends
        case accessToken = "access_token"
        case refreshToken = "refresh_token"
    }

    public init(
        id: String, handle: Handle, device: DeviceNumber?, accessToken: String, expires: Timestamp,
        refreshToken: String, ends: Timestamp
    ) {
        self.id = id
        self.handle = handle
        self.device = device
        self.accessToken = accessToken
        self.expires = expires
        self.refreshToken = refreshToken
        self.ends = ends
    }
}

/// `POST /v1/sessions/refresh`; answered with a `SessionAnswer`.
public struct RefreshRequest: RequestBody {
    public var refreshToken: String

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case refreshToken = "refresh_token"
    }

    public init(refreshToken: String) {
        self.refreshToken = refreshToken
    }
}

/// `GET /v1/sessions`.
public struct SessionsAnswer: Codable, Sendable, Hashable {
    public struct Session: Codable, Sendable, Hashable {
        public var id: String
        public var device: DeviceNumber?
        public var created: Timestamp
        public var lastUsed: Timestamp
        public var ends: Timestamp
        /// Whether the call was made with it.
        public var current: Bool

        public enum CodingKeys: String, CodingKey {
            case id, device, created, ends, current
            case lastUsed = "last_used"
        }

        public init(
            id: String, device: DeviceNumber?, created: Timestamp, lastUsed: Timestamp, ends: Timestamp, current: Bool
        ) {
            self.id = id
            self.device = device
            self.created = created
            self.lastUsed = lastUsed
            self.ends = ends
            self.current = current
        }
    }

    public var sessions: [Session]

    public init(sessions: [Session]) {
        self.sessions = sessions
    }
}

/// `POST /v1/tokens`.
public struct TokenRequest: RequestBody {
    public var name: String
    public var scopes: [Scope]
    public var expires: Timestamp

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case name, scopes, expires
    }

    public init(name: String, scopes: [Scope], expires: Timestamp) {
        self.name = name
        self.scopes = scopes
        self.expires = expires
    }
}

/// One API token; `token` only in the answer that makes it.
public struct TokenAnswer: Codable, Sendable, Hashable {
    public var id: String
    public var name: String
    public var scopes: [Scope]
    public var device: DeviceNumber?
    public var created: Timestamp
    public var expires: Timestamp
    public var token: String?

    public init(
        id: String, name: String, scopes: [Scope], device: DeviceNumber?, created: Timestamp, expires: Timestamp,
        token: String? = nil
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.device = device
        self.created = created
        self.expires = expires
        self.token = token
    }
}

/// `GET /v1/tokens`.
public struct TokensAnswer: Codable, Sendable, Hashable {
    public var tokens: [TokenAnswer]

    public init(tokens: [TokenAnswer]) {
        self.tokens = tokens
    }
}
