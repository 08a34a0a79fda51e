import Testing

@testable import CurlKit

/// Runs `body` and expects that it fails in this way.
func expectFailure(
    _ kind: TransferError.Kind, sent: Bool, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Response
) async {
    let error = await #expect(throws: TransferError.self, sourceLocation: sourceLocation) { _ = try await body() }
    #expect(error?.kind == kind, "\(String(describing: error))", sourceLocation: sourceLocation)
    #expect(error?.requestMayHaveBeenSent == sent, sourceLocation: sourceLocation)
}

/// Sends `request` many times at once and returns how many were answered with 200.
func sendMany(_ request: Request, count: Int, _ client: HTTPClient) async throws -> Int {
    try await withThrowingTaskGroup { group in
        for _ in 0..<count {
            group.addTask { try await client.send(request).status == 200 ? 1 : 0 }
        }
        return try await group.reduce(0, +)
    }
}
