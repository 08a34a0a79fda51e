import Foundation
import SealpostTesting
import Testing

/// Promise P10 on PostgreSQL: a node leaves in order, and in time, also while its database is away.
@Suite struct PostgresStopTests {
    @Test func aNodeLeavesWithPollsParkedAndDepositsUnderWayAndTellsTheOthersOfThem() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let (bob, dora) = (try await nodes.device(of: "bob"), try await nodes.device(of: "dora"))
        let carol = try await API.register("carol", at: nodes.second.url)
        // The wake of the last has to wait for its turn behind those of the others.
        let halves =
            try await Self.halves(4, from: carol, to: "bob.1", at: nodes.second)
            + Self.halves(1, from: carol, to: "dora.1", at: nodes.second)
        defer { for half in halves { half.close() } }
        let end = Moment()
        let told = try await dora.whileParked {
            let polls = try await nodes.second.api(as: bob).whileParked {
                async let leaving = nodes.second.terminate()
                // Until the port is closed: from there on only what was under way is still served.
                while (try? await nodes.second.api().call("GET", "/healthz")) != nil {}
                for half in halves {
                    let answer = try await half.finish()
                    #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
                }
                end.note()
                #expect(await leaving == .exited(0))
            }
            #expect(polls.count == 4)
            for poll in polls { Self.expectEmpty(poll.answer) }
        }
        let delays = told.map { $0.time - end.time }
        print("the last deposit at a node that leaves is told at the other \(delays.map(\.inMilliseconds)) ms later")
        for poll in told { #expect(poll.answer.json["envelopes"].items.count == 1) }
        #expect(delays.allSatisfy { $0 < .seconds(3) })
    }

    @Test func aNodeWhoseDatabaseIsAwayLeavesInTime() async throws {
        let cluster = try await PostgresCluster()
        let service = try await Service.start(database: try await cluster.createDatabase())
        let stage = Stage(service: service, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: service.url)
        let halves = try await Self.halves(2, from: carol, to: "bob.1", at: service)
        defer { for half in halves { half.close() } }
        let start = Moment()
        let polls = try await bob.whileParked {
            await cluster.stopImmediately()
            start.note()
            async let leaving = service.terminate()
            for half in halves {
                let answer = try await half.finish()
                #expect(
                    answer.hasPrefix("HTTP/1.1 503 ") && answer.lowercased().contains("\r\nretry-after: "), "\(answer)")
            }
            #expect(await leaving == .exited(0))
        }
        for poll in polls { Self.expectEmpty(poll.answer) }
        let duration = ContinuousClock.now - start.time
        print("a node without its database left after \(duration.inMilliseconds) ms")
        #expect(duration < .seconds(20))
        await cluster.end()
    }

    @Test func aNodeWhoseDatabaseHangsLeavesInTime() async throws {
        let proxy = try await DatabaseProxy(to: PostgresCluster.shared.port)
        let database = proxy.url(like: try await PostgresCluster.shared.createDatabase())
        let service = try await Service.start(
            database: database, environment: ["SEALPOST_POSTGRES_STATEMENT_TIMEOUT": "2"])
        let carol = try await API.register("carol", at: service.url)
        proxy.isFrozen = true
        async let refused = carol.call("GET", "/v1/account")
        let start = ContinuousClock.now
        #expect(await service.terminate() == .exited(0))
        let duration = ContinuousClock.now - start
        print("a node whose database hangs left after \(duration.inMilliseconds) ms")
        #expect(duration < .seconds(20))
        if let answer = try? await refused { #expect(answer.status == 503) }
    }

    private static func halves(
        _ count: Int, from sender: API, to mailbox: String, at service: Service
    ) async throws -> [HalfDeposit] {
        var halves: [HalfDeposit] = []
        for number in 1...count {
            halves.append(try await HalfDeposit("number \(number)", from: sender, to: mailbox, at: service))
        }
        return halves
    }

    private static func expectEmpty(_ answer: API.Answer) {
        #expect(answer.status == 200 && answer.json["envelopes"] == .array([]))
        #expect(answer.headers["connection"]?.lowercased() == "close")
    }
}
