/// `POST /v1/accounts`.
public struct RegisterRequest: RequestBody {
    public var handle: Handle
    public var password: String
    public var accountKey: Base64?
    public var email: String?
    public var invite: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case handle, password, email, invite
        case accountKey = "account_key"
    }

    public init(
        handle: Handle, password: String, accountKey: Base64? = nil, email: String? = nil, invite: String? = nil
    ) {
        self.handle = handle
        self.password = password
        self.accountKey = accountKey
        self.email = email
        self.invite = invite
    }
}

/// The account of the caller: `GET /v1/account`, and in the answer to a registration.
public struct AccountAnswer: Codable, Sendable, Hashable {
    public var handle: Handle
    public var created: Timestamp
    public var email: String?
    public var accountKey: Base64?
    public var listVersion: UInt64?
    public var listHash: Base64?

    public enum CodingKeys: String, CodingKey {
        case handle, created, email
        case accountKey = "account_key"
        case listVersion = "list_version"
        case listHash = "list_hash"
    }

    public init(
        handle: Handle, created: Timestamp, email: String?, accountKey: Base64?, listVersion: UInt64?,
        listHash: Base64?
    ) {
        self.handle = handle
        self.created = created
        self.email = email
        self.accountKey = accountKey
        self.listVersion = listVersion
        self.listHash = listHash
    }
}

/// The answer to `POST /v1/accounts`.
public struct RegisterAnswer: Codable, Sendable, Hashable {
    public var account: AccountAnswer
    public var session: SessionAnswer

    public init(account: AccountAnswer, session: SessionAnswer) {
        self.account = account
        self.session = session
    }
}

/// `PATCH /v1/account`: what is absent stays. An empty `email` removes it.
public struct AccountChangeRequest: RequestBody {
    public var email: String?
    public var password: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case email, password
    }

    public init(email: String? = nil, password: String? = nil) {
        self.email = email
        self.password = password
    }
}

/// `PUT /v1/account/key`: the account key together with its first list.
public struct AccountKeyRequest: RequestBody {
    public var accountKey: Base64
    public var list: Base64
    public var signature: Base64

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case list, signature
        case accountKey = "account_key"
    }

    public init(accountKey: Base64, list: Base64, signature: Base64) {
        self.accountKey = accountKey
        self.list = list
        self.signature = signature
    }
}

/// `GET /v1/accounts/{handle}`: what others may know of an account.
public struct DirectoryAnswer: Codable, Sendable, Hashable {
    public var handle: Handle
    public var accountKey: Base64?
    /// The signed device list, byte for byte as it was uploaded.
    public var list: Base64?
    public var signature: Base64?

    public enum CodingKeys: String, CodingKey {
        case handle, list, signature
        case accountKey = "account_key"
    }

    public init(handle: Handle, accountKey: Base64?, list: Base64?, signature: Base64?) {
        self.handle = handle
        self.accountKey = accountKey
        self.list = list
        self.signature = signature
    }
}

/// `GET /v1/limits`: each limit that the caller is under, and what is left of it where it is used up.
public struct LimitsAnswer: Codable, Sendable, Hashable {
    public struct Limit: Codable, Sendable, Hashable {
        public var name: String
        public var limit: Int64
        /// `bytes`, `seconds`, `count`, `per_hour`.
        public var unit: String
        /// What is left now, for limits that are used up.
        public var remaining: Int64?

        public init(name: String, limit: Int64, unit: String, remaining: Int64? = nil) {
            self.name = name
            self.limit = limit
            self.unit = unit
            self.remaining = remaining
        }
    }

    public var limits: [Limit]

    public init(limits: [Limit]) {
        self.limits = limits
    }
}
