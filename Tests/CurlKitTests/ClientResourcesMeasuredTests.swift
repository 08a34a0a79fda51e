import Testing

@testable import CurlKit

/// What clients leave behind in the process. Measured: `script/test` runs it with nothing beside it.
@Suite struct ClientResourcesMeasuredTests {
    @Test("clients that are let go of leave no thread and no descriptor")
    func nothingLeft() async throws {
        let before = try ProcessUse.now()
        for _ in 0..<200 {
            let client = try HTTPClient()
            await expectFailure(.couldNotConnect, sent: false) {
                try await client.send(Request(url: "http://127.0.0.1:1/"))
            }
        }
        let after = try ProcessUse.now()
        #expect(after.threads < before.threads + 20)
        #expect(after.pollers < before.pollers + 20)
    }
}
