import FoundationEssentials

/// A member of a request has the right JSON type and a value that is not allowed.
public struct InvalidMember: Error {
    public let path: [any CodingKey]
    /// Reads on after the member's name: "must be …".
    public let detail: String

    public init(path: [any CodingKey], detail: String) {
        self.path = path
        self.detail = detail
    }
}

/// A request has a member that nobody asked for.
public struct UnknownMember: Error {
    public let path: [any CodingKey]
}

/// A type of a request: its `CodingKeys` are all the members that it may have.
public protocol RequestBody: Codable, Sendable, Hashable {
    associatedtype CodingKeys: CodingKey & CaseIterable
}

/// Reads a `RequestBody` and refuses members that it does not know, where plain decoding would pass over them.
@dynamicMemberLookup
public struct Strict<Body: RequestBody>: Codable, Sendable, Hashable {
    public var body: Body

    public init(_ body: Body) {
        self.body = body
    }

    public init(from decoder: any Decoder) throws {
        let known = Set(Body.CodingKeys.allCases.map(\.stringValue))
        let members = try decoder.container(keyedBy: AnyMember.self)
        if let unknown = members.allKeys.first(where: { !known.contains($0.stringValue) }) {
            throw UnknownMember(path: decoder.codingPath + [unknown])
        }
        body = try Body(from: decoder)
    }

    public func encode(to encoder: any Encoder) throws {
        try body.encode(to: encoder)
    }

    public subscript<Value>(dynamicMember path: KeyPath<Body, Value>) -> Value { body[keyPath: path] }
}

private struct AnyMember: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) {
        self.stringValue = stringValue
    }

    init?(intValue: Int) { nil }
}

/// Any JSON at all: reading it tells that the text is well-formed.
private struct AnyJSON: Decodable {
    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: AnyMember.self) {
            for key in object.allKeys {
                _ = try object.decode(AnyJSON.self, forKey: key)
            }
        } else if var array = try? decoder.unkeyedContainer() {
            while !array.isAtEnd {
                _ = try array.decode(AnyJSON.self)
            }
        }
    }
}

extension Problem {
    /// What to answer when `JSONDecoder` could not read a request's body.
    public init(decoding error: any Error, of body: Data) {
        switch error {
        case let error as InvalidMember:
            self.init(.invalidMember, "\(Self.text(error.path)) \(error.detail)", member: Self.text(error.path))
        case let error as UnknownMember:
            self.init(.unknownMember, "\(Self.text(error.path)) is not known here", member: Self.text(error.path))
        case DecodingError.keyNotFound(let key, let context):
            let path = Self.text(context.codingPath + [key])
            self.init(.missingMember, "\(path) is required", member: path)
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            let path = Self.text(context.codingPath)
            self.init(.invalidMember, "\(path) has a wrong type", member: path)
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            let path = Self.text(context.codingPath)
            self.init(.invalidMember, "\(path) has a value that is not allowed", member: path)
        case DecodingError.dataCorrupted where (try? JSONDecoder().decode(AnyJSON.self, from: body)) != nil:
            // The decoder calls a number that its member cannot hold malformed, and does not say which.
            self.init(.invalidMember, "a number in the body is negative, fractional or too large for its member")
        default:
            self.init(.malformedJSON, "the body must be one JSON value in UTF-8")
        }
    }

    private static func text(_ path: [any CodingKey]) -> String {
        let text = path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue.prefix(64)
            }
        }
        return text.isEmpty ? "the body" : text
    }
}
