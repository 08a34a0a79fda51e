import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SealpostCore

extension Call {
    /// Reads a JSON body strictly. `Content-Type` may be absent.
    package func body<Body: SealpostCore.RequestBody>(_ type: Body.Type = Body.self) async throws -> Body {
        try checkMediaType("application/json", required: false)
        let bytes = try await bytes(upTo: Limits.bodyBytes)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Problem(.invalidUTF8, "the body must be JSON in UTF-8")
        }
        // A zero byte is never part of JSON in UTF-8, and the decoder would guess at UTF-16.
        guard !bytes.contains(0) else { throw Problem(.malformedJSON, "the body must be one JSON value in UTF-8") }
        let data = Data(bytes)
        do {
            return try JSONDecoder().decode(Strict<Body>.self, from: data).body
        } catch {
            throw Problem(decoding: error, of: data)
        }
    }

    /// The body as it came. A body that says it is longer than `limit`, or is, is refused.
    package func bytes(upTo limit: Int) async throws -> [UInt8] {
        let tooLarge = Problem(.bodyTooLarge, "the body may have at most \(limit) bytes")
        if let length = request.headers[.contentLength].flatMap({ Int64($0) }), length > limit {
            throw tooLarge
        }
        do {
            return Array(buffer: try await request.body.collect(upTo: limit))
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
    }

    /// Throws unless the body's media type is `expected`, or absent where that is allowed.
    package func checkMediaType(_ expected: String, required: Bool) throws(Problem) {
        guard let text = try header(.contentType) else {
            guard !required else { throw Problem(.unsupportedMediaType, "Content-Type must be \(expected)") }
            return
        }
        let parts = text.split(separator: ";").map { $0.trimmedASCII().lowercased() }
        let charsets = parts.dropFirst().filter { $0.hasPrefix("charset=") }
        guard parts.first == expected, charsets.allSatisfy({ $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" })
        else { throw Problem(.unsupportedMediaType, "Content-Type must be \(expected)", member: "Content-Type") }
    }
}

extension Substring {
    fileprivate func trimmedASCII() -> Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
