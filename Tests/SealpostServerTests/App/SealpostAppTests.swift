import Logging
import SealpostCore
import SealpostDelivery
import SealpostStore
import SealpostTesting
import SodiumKit
import Testing

@testable import SealpostServer

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

@Suite struct SealpostAppTests {
    @Test func theFirstRunMakesAFolderForItsOwnerOnlyAndTheSecondUsesIt() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path(of: "data")
        let token = try await TestServer.run {
            $0.dataFolder = path
        } _: { server in
            #expect(server.app.isFirstRun)
            let session = try await server.register("alice").session
            return session.accessToken
        }
        #expect(mode(path) == 0o700)
        for name in ["keyring.json", "sealpost.sqlite"] {
            #expect(mode("\(path)/\(name)") == 0o600)
        }
        try await TestServer.run {
            $0.dataFolder = path
        } _: { server in
            #expect(!server.app.isFirstRun)
            let account = try await server.send("GET", "/v1/account", token: token)
            #expect(account.status == 200)
        }
    }

    @Test func aFolderThatCannotBeMadeIsAnErrorThatSaysSo() async throws {
        await #expect(throws: ConfigurationError.self) {
            try await TestServer.run {
                $0.dataFolder = "/nowhere/data"
            } _: { _ in
            }
        }
    }

    @Test func aPortThatIsTakenIsAnError() async throws {
        try await TestServer.run { first in
            let port = try #require(Int(first.url.split(separator: ":").last ?? ""))
            await #expect(throws: (any Error).self) {
                try await TestServer.run {
                    $0.port = port
                } _: { _ in
                }
            }
        }
    }

    @Test func theDescriptionOfTheAPIIsServed() async throws {
        try await TestServer.run { server in
            let answer = try await server.send("GET", "/openapi.yaml")
            #expect(answer.headers["Content-Type"] == "application/yaml")
            #expect(answer.text.hasPrefix("openapi: 3.1"))
        }
    }

    @Test func aReadyServerSaysSoAndAnswersHEADWithoutABody() async throws {
        try await TestServer.run { server in
            #expect(try await server.send("GET", "/readyz").status == 200)
            let head = try await server.send("HEAD", "/healthz")
            #expect(head.status == 200 && head.body.isEmpty)
        }
    }

    /// P10: on the way out no new work comes, and what is there is served.
    @Test func aServerThatLeavesIsNotReadyAndStillAnswers() async throws {
        try await TestServer.run { server in
            server.app.parts.lifecycle.drain()
            let ready = try await server.send("GET", "/readyz")
            #expect(ready.status == 503)
            #expect(ready.problem?.code == .unavailable)
            #expect(ready.problem?.detail == "the service is stopping")
            #expect(ready.headers["Retry-After"] == "1")
            let health = try await server.send("GET", "/healthz")
            #expect(health.status == 200)
            #expect(health.headers["Connection"] == "close")
        }
    }

    /// P10: a parked poll is answered empty, at once, and its connection closes.
    @Test func atTheStopParkedPollsAreAnsweredAndTheServerEnds() async throws {
        let parked = try await TestServer.run { server in
            let session = try await server.register("alice").session
            let registration = try await server.app.parts.store.registerDevice(
                Sample.newDevice(
                    account: try await server.account("alice"), session: try #require(RecordID(session.id)),
                    identityKey: Ed25519.SigningKey().publicKey))
            guard case .registered(_, let bound) = registration else { throw TestServer.NotStarted() }
            let token = try await server.app.parts.answer(for: bound).accessToken
            let poll = Task { try await server.send("GET", "/v1/mailbox?wait=55", token: token) }
            while server.app.parts.mail.parkedPolls == 0 { await Task.yield() }
            let start = ContinuousClock.now
            await server.group.triggerGracefulShutdown()
            let answer = try await poll.value
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(server.app.parts.lifecycle.isDraining)
            return answer
        }
        #expect(parked.status == 200)
        #expect(parked.headers["Connection"] == "close")
    }

    @Test func aRequestThatNeverEndsIsCutOffSoThatTheStoreClosesInOrder() async throws {
        let store = try await TestServer.run {
            $0.shutdownDeadline = .seconds(1)
        } _: { server in
            let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
            let (firsts, first) = AsyncStream<Void>.makeStream()
            let head = "POST /v1/accounts HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n{"
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    _ = await RawConnection.exchange(port: port, head, patience: 30) { first.yield() }
                }
                _ = await firsts.first { _ in true }
                let start = ContinuousClock.now
                await server.group.triggerGracefulShutdown()
                try await tasks.waitForAll()
                #expect(ContinuousClock.now - start < .seconds(20))
            }
            return server.app.parts.store
        }
        await #expect(throws: StoreError.self) { try await store.check() }
    }
}

private func mode(_ path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
}
