/// A word of the protocol that travels as a JSON string and is checked when it is read.
public protocol TextCodable: Codable, LosslessStringConvertible {
    /// What a valid text looks like, for error messages: "a handle: …".
    static var expectation: String { get }
    init?(_ text: String)
}

extension TextCodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw InvalidMember(path: decoder.codingPath, detail: "must be \(Self.expectation)")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
