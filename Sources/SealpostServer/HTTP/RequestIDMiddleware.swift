import HTTPTypes
import Hummingbird

/// The outermost: gives every response its `X-Request-Id`, `Cache-Control: no-store` to everything under `/v1`, and
/// `Connection: close` while the node leaves.
struct RequestIDMiddleware: RouterMiddleware {
    let lifecycle: Lifecycle

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let id = request.headers[.xRequestID], Self.isSane(id) {
            context.adopt(requestID: id)
        }
        var response = try await next(request, context)
        response.headers[.xRequestID] = context.requestID
        if request.uri.path.hasPrefix("/v1/") {
            response.headers[.cacheControl] = "no-store"
        }
        context.logger.debug(
            "Request",
            metadata: [
                "method": "\(request.method)", "endpoint": "\(context.endpointPath ?? "")",
                "status": "\(response.status.code)",
            ])
        if lifecycle.isDraining {
            response.headers[.connection] = "close"
        }
        return response
    }

    /// 1 to 64 characters that can go into logs and headers unescaped.
    static func isSane(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                case UInt8(ascii: "."): true
                default: false
                }
            }
    }
}

extension HTTPField.Name {
    // A literal that is a valid field name.
    static let xRequestID = HTTPField.Name("X-Request-Id")!
    // A literal that is a valid field name.
    package static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    // A literal that is a valid field name.
    package static let prefer = HTTPField.Name("Prefer")!
    // A literal that is a valid field name.
    package static let preferenceApplied = HTTPField.Name("Preference-Applied")!
    // A literal that is a valid field name.
    package static let sealpostCursor = HTTPField.Name("Sealpost-Cursor")!
}
