import HTTPTypes
import Hummingbird
import Logging
import SealpostCore

/// A request at its endpoint, with readers for its parts that throw a `Problem` which names what is wrong.
package final class Call: Sendable {
    private let arrival: Arrival
    package let query: Query

    init(_ arrival: Arrival, query: Query) {
        self.arrival = arrival
        self.query = query
    }

    package var request: Request { arrival.request }
    package var context: ServerContext { arrival.context }
    package var logger: Logger { context.logger }

    // MARK: Path

    /// The text of a path parameter as a word of the protocol.
    package func path<Word: TextCodable>(_ name: String, as type: Word.Type = Word.self) throws(Problem) -> Word {
        guard let word = Word(try pathText(name)) else {
            throw Problem(.invalidParameter, "\(name) must be \(Word.expectation)", member: name)
        }
        return word
    }

    /// A device number in the path.
    package func device(_ name: String = "device") throws(Problem) -> DeviceNumber {
        guard let value = Query.number(try pathText(name)).flatMap({ UInt32(exactly: $0) }),
            let number = DeviceNumber(value)
        else { throw Problem(.invalidParameter, "\(name) must be a device number: 1 or greater", member: name) }
        return number
    }

    /// A sequence number in the path, from 1.
    package func sequence(_ name: String = "seq") throws(Problem) -> Sequence {
        guard let value = Query.number(try pathText(name)), value > 0 else {
            throw Problem(.invalidParameter, "\(name) must be a sequence number: 1 or greater", member: name)
        }
        return Sequence(value)
    }

    /// A path parameter, percent-decoded.
    package func pathText(_ name: String) throws(Problem) -> String {
        guard let text = arrival.parameter(name), let decoded = PercentEncoding.decode(text) else {
            throw Problem(.invalidParameter, "\(name) is not percent-encoded UTF-8", member: name)
        }
        return decoded
    }

    // MARK: Headers

    /// The value of a header that may be given once; nil if absent.
    package func header(_ name: HTTPField.Name) throws(Problem) -> String? {
        try request.headers.single(name)
    }

    /// `Idempotency-Key`: 1 to 64 visible ASCII characters; nil if absent.
    package func idempotencyKey() throws(Problem) -> String? {
        guard let key = try header(.idempotencyKey) else { return nil }
        guard (1...64).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Problem(
                .invalidHeader, "Idempotency-Key must be 1 to 64 visible ASCII characters", member: "Idempotency-Key")
        }
        return key
    }
}

extension HTTPFields {
    /// The value of a header that may be given once; nil if absent.
    func single(_ name: HTTPField.Name) throws(Problem) -> String? {
        let values = self[values: name]
        guard values.count <= 1 else {
            throw Problem(.invalidHeader, "\(name) is given \(values.count) times", member: name.rawName)
        }
        return values.first
    }
}
