/// A position in a mailbox or room: counted from 1 in commit order, never reused. As a cursor, 0 is the beginning.
public struct Sequence: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public let value: Int64

    public init(_ value: Int64) {
        self.value = value
    }

    /// Before the first item.
    public static let start = Sequence(0)

    public var next: Sequence { Sequence(value + 1) }
    public var description: String { String(value) }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

    public init(from decoder: any Decoder) throws {
        guard let value = try? decoder.singleValueContainer().decode(Int64.self), value >= 0 else {
            throw InvalidMember(path: decoder.codingPath, detail: "must be a sequence number: 0 or greater")
        }
        self.value = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
