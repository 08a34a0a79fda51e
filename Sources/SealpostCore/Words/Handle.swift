/// The name of an account: `[a-z][a-z0-9_-]{1,30}`, not reserved, never given twice.
public struct Handle: Hashable, Sendable, CustomStringConvertible {
    /// The longest handle, in ASCII characters.
    public static let maximumLength = 31

    /// Names that would mislead people or collide with the service's own.
    public static let reserved: Set<String> = [
        "abuse", "account", "admin", "administrator", "api", "everyone", "help", "here", "hostmaster", "info",
        "lobby", "mailbox", "me", "moderator", "noreply", "no-reply", "official", "owner", "postmaster", "root",
        "sealpost", "security", "server", "staff", "support", "system", "webmaster",
    ]

    public let description: String

    /// Accepts what is shaped like a handle; whether it is reserved matters only at registration.
    public init?(_ text: String) {
        let ascii = text.utf8
        guard let first = ascii.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first) else { return nil }
        guard (2...Self.maximumLength).contains(ascii.count), ascii.allSatisfy(Self.isAllowed) else { return nil }
        description = text
    }

    public var isReserved: Bool { Self.reserved.contains(description) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

extension Handle: TextCodable {
    public static let expectation = "a handle: a lower-case letter, then 1 to 30 of a-z, 0-9, _ and -"
}
