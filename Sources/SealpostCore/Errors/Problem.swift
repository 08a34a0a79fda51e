/// An error answer: RFC 9457 `application/problem+json` with a `code` from the catalogue.
public struct Problem: Error, Codable, Sendable, Hashable {
    public static let contentType = "application/problem+json"

    /// `https://sealpost.dev/errors/<code>`: a name, not a promise of a page.
    public var type: String
    public var title: String
    public var status: Int
    /// What went wrong in this request and what to do about it; no secret, no content.
    public var detail: String
    public var code: ErrorCode
    /// The member, parameter or header that is meant, as a JSON path or name.
    public var member: String?
    /// With `device_mismatch`: devices that need an envelope and have none, and those that take none.
    public var missing: [DeviceNumber]?
    public var gone: [DeviceNumber]?
    /// With `mailbox_full`: what became of each envelope.
    public var outcomes: [DepositOutcomeAnswer]?
    /// With `cursor_ahead` and `ack_ahead`: the last sequence number given.
    public var head: Sequence?
    /// With `list_conflict`: the version and hash that are stored.
    public var listVersion: UInt64?
    public var listHash: Base64?

    /// Seconds for the header `Retry-After`; not part of the body.
    public var retryAfter: Int?

    public enum CodingKeys: String, CodingKey {
        case type, title, status, detail, code, member, missing, gone, outcomes, head
        case listVersion = "list_version"
        case listHash = "list_hash"
    }

    public init(_ code: ErrorCode, _ detail: String, member: String? = nil, retryAfter: Int? = nil) {
        type = "https://sealpost.dev/errors/\(code.rawValue)"
        title = code.title
        status = code.status
        self.detail = detail
        self.code = code
        self.member = member
        self.retryAfter = retryAfter
    }
}
