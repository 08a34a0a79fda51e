import APIDescription
import Hummingbird
import SealpostCore
import SealpostStore

/// What load balancers and people look at: health, readiness, the API's description.
enum ServiceRoutes {
    static func endpoints(_ parts: Dependencies) -> [Endpoint] {
        [
            Endpoint(.get, "/healthz") { _ in try .json(State(status: "ok")) },
            Endpoint(.get, "/readyz") { call in try await ready(parts, call) },
            Endpoint(.get, "/openapi.yaml") { _ in .bytes(APIText.bytes, type: "application/yaml") },
        ]
    }

    private struct State: Encodable {
        let status: String
    }

    /// 200 while the store answers and the node is not leaving.
    private static func ready(_ parts: Dependencies, _ call: Call) async throws -> Response {
        guard parts.lifecycle.isReady else {
            let state = parts.lifecycle.isDraining ? "stopping" : "starting"
            throw Problem(.unavailable, "the service is \(state)", retryAfter: 1)
        }
        try await parts.store.check()
        return try .json(State(status: "ready"))
    }
}

/// `api-spec/openapi.yaml` as it was when this was built.
package enum APIText {
    package static let bytes = Array(UnsafeBufferPointer(start: api_description(), count: api_description_length()))
}
