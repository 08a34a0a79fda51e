import Foundation
import SealpostTesting
import Testing

@Suite("API description")
struct OpenAPITests {
    /// Thousands of requests that follow `api-spec/openapi.yaml`, and as many that do not, against the real binary.
    @Test(.timeLimit(.minutes(10))) func schemathesisFindsNothing() async throws {
        let permit = await Permit.take()
        let run = try Program(
            "\(Binary.repository)/Tests/Schemathesis/run", [],
            // All of it: pip needs its own settings where the Python environment is still to be made.
            environment: ProcessInfo.processInfo.environment.merging(["SEALPOST_BINARY": Binary.path]) { $1 },
            limit: .seconds(300))
        let end = await run.end()
        #expect(end == .exited(0), "\(run.output.text.suffix(6000))\n\(run.errors.text.suffix(2000))")
        withExtendedLifetime(permit) {}
    }
}
