import Crypto
import CurlKit
import Hummingbird
import Logging
import SealpostCore
import SealpostDelivery
import SealpostStore
import ServiceLifecycle
import Synchronization
import Testing

@testable import SealpostServer

@Suite struct FrontTests {
    private struct Boom: Error {}

    /// Serves one endpoint that fails, asks it once, and returns the answer and what was logged.
    private func answer(
        throwing error: any Error & Sendable, level: Logger.Level = .warning
    ) async throws -> (answer: Answer, log: [LogEvent], metadata: Logger.Metadata) {
        let collector = Collector()
        let logger = Logger(label: "test") { _ in CollectingLogHandler(collector: collector, logLevel: level) }
        let key = SymmetricKey(size: .bits256)
        let keys = ServerKeys(
            current: ServerKeys.Set(id: "1", access: key, token: key, refresh: key, challenge: key))
        let authenticator = Authenticator(
            tokens: await BearerTokens(keys: keys, clock: .system), clock: .system, revocations: RevocationTable())
        let front = Front(
            [Endpoint(.get, "/boom", open: { _ in throw error })], authenticator: authenticator,
            lifecycle: Lifecycle())
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = Application(
            responder: front, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
        let client = try HTTPClient()
        defer { client.close() }
        async let running: Void = group.run()
        let number = try #require(await ports.first { _ in true })
        let response = try await client.send(
            CurlKit.Request(url: "http://127.0.0.1:\(number)/boom", headers: [("X-Request-Id", "abc")]))
        await group.triggerGracefulShutdown()
        try await running
        return (
            Answer(status: response.status, headers: response.headers, body: response.body),
            collector.events.withLock { $0.filter { $0.event.level >= .warning }.map(\.event) },
            collector.events.withLock { $0.last { $0.event.level >= .warning }?.metadata ?? [:] }
        )
    }

    @Test func anErrorThatNobodyForesawIsLoggedWithTheRequestsIdAndAnswered500() async throws {
        let (answer, log, metadata) = try await answer(throwing: Boom())
        #expect(answer.problem?.code == .internalError)
        #expect(!answer.text.contains("Boom"))
        #expect(log.map(\.level) == [.error])
        #expect(log.first?.metadata?["error"]?.description.contains("Boom") == true)
        #expect(metadata["hb.request.id"]?.description == "abc")
    }

    @Test func aStoreThatHoldsSomethingImpossibleIsAnInternalError() async throws {
        let (answer, log, _) = try await answer(throwing: StoreError.corrupt("row 7"))
        #expect(answer.problem?.code == .internalError)
        #expect(!answer.text.contains("row 7"))
        #expect(log.map(\.level) == [.error])
    }

    @Test func aMailboxWhoseLockSomebodyElseHoldsIsUnavailableForAMoment() async throws {
        let (answer, log, _) = try await answer(throwing: StoreError.busy)
        #expect(answer.problem?.code == .unavailable)
        #expect(answer.headers["Retry-After"] == "2")
        #expect(log.map(\.level) == [.warning])
    }

    @Test func aProblemIsAnsweredAsItIsAndNotLogged() async throws {
        let (answer, log, _) = try await answer(throwing: Problem(.rateLimited, "wait", retryAfter: 7))
        #expect(answer.problem?.code == .rateLimited)
        #expect(answer.headers["Retry-After"] == "7")
        #expect(log.isEmpty)
    }
}

/// What was logged, with the metadata that the logger carried.
private final class Collector: Sendable {
    let events = Mutex<[(event: LogEvent, metadata: Logger.Metadata)]>([])
}

private struct CollectingLogHandler: LogHandler {
    let collector: Collector
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        collector.events.withLock { $0.append((event, metadata)) }
    }
}
