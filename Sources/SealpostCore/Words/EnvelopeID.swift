/// A deposit's name, chosen at random by the client: 22–64 of `[A-Za-z0-9_-]`; also the syntax of request ids.
public struct EnvelopeID: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard (22...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        description = text
    }

    /// A fresh id from 16 random bytes, base64url without padding: 22 characters.
    public init(random bytes: [UInt8]) {
        precondition(bytes.count == 16, "an id is made of 16 random bytes")
        description = Base64URL.encode(bytes)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

extension EnvelopeID: TextCodable {
    public static let expectation = "an id: 22 to 64 of A-Z, a-z, 0-9, _ and -"
}
