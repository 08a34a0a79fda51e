import HTTPTypes
import Hummingbird
import NIOHTTP1
import SealpostCore
import SealpostStore

/// Where every request comes in and every answer goes out: finds the endpoint, turns errors into answers from the
/// catalogue, and gives each answer the headers that all have.
///
/// One flat function instead of layers of middleware: what a request's task holds while a poll is parked is memory
/// that is paid ten thousand times over (docs/decisions/0053).
struct Front: HTTPResponder {
    let routes: RouteTable
    let authenticator: Authenticator
    let lifecycle: Lifecycle

    init(_ endpoints: [Endpoint], authenticator: Authenticator, lifecycle: Lifecycle) {
        routes = RouteTable(endpoints)
        self.authenticator = authenticator
        self.lifecycle = lifecycle
    }

    @Sendable func respond(to request: Request, context: ServerContext) async throws -> Response {
        let arrival = arrive(request, context)
        guard let endpoint = arrival.endpoint else { return nowhere(arrival) }
        do {
            return finish(try await endpoint.respond(to: arrival, authenticator: authenticator), arrival)
        } catch {
            return finish(try problem(for: error, arrival.context), arrival)
        }
    }
}

// What follows is not inlined: what it computes with would otherwise lie in the frame of `respond`.
extension Front {
    @inline(never)
    private func arrive(_ request: Request, _ context: ServerContext) -> Arrival {
        var context = context
        if let id = request.headers[.xRequestID], Self.isSane(id) {
            context.adopt(requestID: id)
        }
        return Arrival(request, context, routes.match(request.method, request.uri.path))
    }

    /// 405 with `Allow` for a path that has other methods, else 404.
    @inline(never)
    private func nowhere(_ arrival: Arrival) -> Response {
        guard case .otherMethods(let methods) = arrival.match else {
            return finish(.problem(Problem(.notFound, "there is no such path here")), arrival)
        }
        let allow = methods.map(\.rawValue).sorted().joined(separator: ", ")
        var response = Response.problem(Problem(.methodNotAllowed, "allowed here: \(allow)"))
        response.headers[.allow] = allow
        return finish(response, arrival)
    }

    /// The answer to an error. What nobody foresaw is logged here, with the request's id, before it becomes a blank 500.
    @inline(never)
    private func problem(for error: any Error, _ context: ServerContext) throws -> Response {
        switch error {
        case let problem as Problem:
            return .problem(problem)
        case let error as StoreError:
            return .problem(problem(for: error, context))
        case let error as HTTPParserError:
            // The connection is broken: the server below answers and closes it.
            throw error
        case is CancellationError:
            return .problem(Problem(.unavailable, "the service is stopping", retryAfter: 1))
        default:
            context.logger.error("Request failed", metadata: ["error": "\(String(reflecting: error))"])
            return .problem(Problem(.internalError, "the request id names what happened in the service's log"))
        }
    }

    private func problem(for error: StoreError, _ context: ServerContext) -> Problem {
        switch error {
        case .unavailable, .cancelled:
            context.logger.warning("Store unavailable", metadata: ["error": "\(error)"])
            return Problem(.unavailable, "the store cannot be reached right now", retryAfter: 2)
        case .corrupt, .incompatible:
            context.logger.error("Store failed", metadata: ["error": "\(error)"])
            return Problem(.internalError, "the request id names what happened in the service's log")
        }
    }

    /// Gives every response its `X-Request-Id`, `Cache-Control: no-store` to everything under `/v1`, and
    /// `Connection: close` while the node leaves.
    @inline(never)
    private func finish(_ response: Response, _ arrival: Arrival) -> Response {
        var response = arrival.request.method == .head ? response.createHeadResponse() : response
        response.headers[.xRequestID] = arrival.context.requestID
        if arrival.request.uri.path.hasPrefix("/v1/") {
            response.headers[.cacheControl] = "no-store"
        }
        arrival.context.logger.debug(
            "Request",
            metadata: [
                "method": "\(arrival.request.method)", "endpoint": "\(arrival.endpoint?.path ?? "")",
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
