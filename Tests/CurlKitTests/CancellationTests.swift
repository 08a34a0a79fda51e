import Testing

@testable import CurlKit

@Suite("Cancelling HTTPClient.send", .timeLimit(.minutes(2)))
struct CancellationTests {
    @Test("a long poll: the server sees the connection closed, and the client goes on")
    func longPoll() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        let task = Task { try await client.send(server.request("GET", "/hang")) }
        try await server.waitUntil("hanging", 1)
        task.cancel()
        await expectFailure(.cancelled, sent: true) { try await task.value }
        try await server.waitUntil("hung-up", 1)
        #expect(try await client.send(server.request("GET", "/echo")).status == 200)
    }

    @Test("before it began: nothing is sent")
    func beforeTheStart() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(server.request("GET", "/echo"))
        }
        await expectFailure(.cancelled, sent: false) { try await task.value }
        #expect(try await server.seen(by: client).requests == 1)
    }

    @Test("while it connects, and while it waits for a connection")
    func whileConnecting() async throws {
        let server = try await LocalServer(.deaf)
        let client = try HTTPClient(.init(maximumConnections: 1))
        let tasks = (0..<3).map { _ in Task { try await client.send(server.request("GET", "/")) } }
        for task in tasks.reversed() {
            task.cancel()
            await expectFailure(.cancelled, sent: false) { try await task.value }
        }
    }

    @Test("at any moment: every task gets an outcome, and each connection is still in step afterwards")
    func atAnyMoment() async throws {
        let server = try await LocalServer()
        let client = try HTTPClient()
        await withTaskGroup { group in
            for number in 0..<2000 {
                let body = Array("\(number)".utf8)
                let task = Task { try await client.send(server.request("PUT", "/echo", body: body)) }
                group.addTask {
                    if number % 2 == 0 { task.cancel() }
                    do {
                        let response = try await task.value
                        #expect(response.body == body)
                    } catch {
                        #expect((error as? TransferError)?.kind == .cancelled)
                        #expect(number % 2 == 0)
                    }
                }
                if number % 50 == 49 { await group.waitForAll() }
            }
        }
        #expect(try await client.send(server.request("GET", "/echo")).status == 200)
    }
}
