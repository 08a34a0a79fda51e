import FoundationEssentials

/// Binary that travels as standard, padded base64 (RFC 4648 section 4) in JSON.
public struct Base64: Hashable, Sendable, Codable, CustomStringConvertible {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads standard base64; nil for another alphabet, missing padding, line breaks or left-over bits.
    public init?(decoding text: String) {
        guard let data = Data(base64Encoded: text), data.base64EncodedString() == text else { return nil }
        bytes = Array(data)
    }

    public var description: String { Data(bytes).base64EncodedString() }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(decoding: text) else {
            throw InvalidMember(path: decoder.codingPath, detail: "must be standard base64 with padding")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The URL-safe alphabet without padding (RFC 4648 section 5), for tokens and ids.
public enum Base64URL {
    public static func encode(_ bytes: [UInt8]) -> String {
        var text = Data(bytes).base64EncodedString()
        text.removeAll { $0 == "=" }
        return String(text.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
    }

    /// Nil for anything that `encode` would not have written.
    public static func decode(_ text: String) -> [UInt8]? {
        let standard = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        let padded = standard + String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), encode(Array(data)) == text else { return nil }
        return Array(data)
    }
}
