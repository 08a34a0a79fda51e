import HTTPTypes
import Hummingbird
import NIOHTTP1
import SealpostCore
import SealpostStore

/// Turns every error into an answer from the catalogue; what nobody foresaw is logged here, with the request's id,
/// before it becomes a blank 500.
struct ProblemMiddleware: RouterMiddleware {
    let paths: PathTable

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as Problem {
            return .problem(problem)
        } catch let error as StoreError {
            return .problem(problem(for: error, context))
        } catch let error as HTTPParserError {
            // The connection is broken: the server below answers and closes it.
            throw error
        } catch let error as HTTPError where error.status == .notFound {
            return noSuchRoute(request)
        } catch is CancellationError {
            return .problem(Problem(.unavailable, "the service is stopping", retryAfter: 1))
        } catch {
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

    /// 405 with `Allow` for a path that has other methods, else 404.
    private func noSuchRoute(_ request: Request) -> Response {
        let allowed = paths.methods(of: request.uri.path)
        guard !allowed.isEmpty, !allowed.contains(request.method) else {
            return .problem(Problem(.notFound, "there is no such path here"))
        }
        let allow = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var response = Response.problem(Problem(.methodNotAllowed, "allowed here: \(allow)"))
        response.headers[.allow] = allow
        return response
    }
}
