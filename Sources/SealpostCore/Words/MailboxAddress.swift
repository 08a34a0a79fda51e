/// The number of one device of an account: 1, 2, …; never used again.
public struct DeviceNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let value: UInt32

    /// Accepts every number but 0.
    public init?(_ value: UInt32) {
        guard value > 0 else { return nil }
        self.value = value
    }

    public var description: String { String(value) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

extension DeviceNumber: Codable {
    public init(from decoder: any Decoder) throws {
        guard let value = try? decoder.singleValueContainer().decode(UInt32.self), let number = Self(value) else {
            throw InvalidMember(path: decoder.codingPath, detail: "must be a device number: 1 or greater")
        }
        self = number
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}

/// The name of a mailbox, `alice.2`: handle, dot, device number.
public struct MailboxAddress: Hashable, Sendable, CustomStringConvertible {
    public let handle: Handle
    public let device: DeviceNumber

    public init(handle: Handle, device: DeviceNumber) {
        self.handle = handle
        self.device = device
    }

    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let handle = Handle(String(parts[0])), let number = UInt32(parts[1]),
            let device = DeviceNumber(number), String(number) == parts[1]
        else { return nil }
        self.init(handle: handle, device: device)
    }

    public var description: String { "\(handle).\(device)" }
}

extension MailboxAddress: TextCodable {
    public static let expectation = "an address: handle, dot, device number, as in alice.2"
}
