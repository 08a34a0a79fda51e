import FoundationEssentials
import HTTPTypes
import Hummingbird
import SealpostCore

extension Response {
    /// A JSON answer.
    package static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
    ) throws -> Response {
        json(try AnswerEncoding.encode(value), type: "application/json", status: status, headers: headers)
    }

    /// 204.
    package static var nothing: Response { Response(status: .noContent) }

    /// Bytes as they are.
    package static func bytes(_ bytes: [UInt8], type: String, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An error answer, with `Retry-After` and `WWW-Authenticate` where they belong.
    static func problem(_ problem: Problem) -> Response {
        var headers = HTTPFields()
        if let seconds = problem.retryAfter {
            headers[.retryAfter] = String(seconds)
        }
        if problem.status == 401 {
            headers[.wwwAuthenticate] = "Bearer"
        }
        let body: Data
        do {
            body = try AnswerEncoding.encode(problem)
        } catch {
            // A problem has only text and numbers: it always encodes. An answer without a body is still an answer.
            body = Data()
        }
        return json(
            body, type: Problem.contentType, status: HTTPResponse.Status(code: problem.status), headers: headers)
    }

    private static func json(
        _ body: Data, type: String, status: HTTPResponse.Status, headers: HTTPFields
    ) -> Response {
        var headers = headers
        headers[.contentType] = type
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

/// How answers become JSON.
package enum AnswerEncoding {
    package static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return try encoder.encode(value)
    }
}
