import Foundation
import SealpostTesting
import Testing

/// Promise P6 across nodes, at the real processes.
@Suite struct PostgresWakeTests {
    @Test func aDepositAtOneNodeWakesThePollsParkedAtTheOtherAtOnce() async throws {
        let nodes = try await TwoNodes.start(on: .shared)
        let bob = nodes.second.api(as: try await nodes.device(of: "bob"))
        let carol = try await API.register("carol", at: nodes.first.url)
        var times: [Duration] = []
        for round in 1...50 { times.append(try await Self.wake(bob, by: carol, round: round)) }
        times.sort()
        print(
            "woken at another node: median \(times[25].inMilliseconds) ms, the slowest of four polls in 50 rounds",
            "\(times[49].inMilliseconds) ms after the deposit was sent")
        #expect(times[25] < .milliseconds(250))
    }

    @Test func pollsOutliveTheirNodesLostWakeChannel() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.createDatabase()
        let (sending, listening) = (try DatabaseProxy(to: cluster.port), try DatabaseProxy(to: cluster.port))
        let first = try await Service.start(database: sending.url(like: database))
        let second = try await first.another(
            environment: ["SEALPOST_DATABASE": database, "SEALPOST_POSTGRES_LISTEN": listening.url(like: database)])
        let stage = Stage(service: first, folder: try Folder())
        let bob = second.api(as: try await stage.api(of: stage.person("bob")))
        let carol = try await API.register("carol", at: first.url)

        // Cut off by the database, and back soon; whether it is back before the deposit or not.
        let cut = try await Self.wake(bob, by: carol, round: 1) {
            let count = try await cluster.psql(
                """
                SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE application_name = 'sealpost listen' AND datname = current_database()
                """, database: database)
            #expect(count == "2")
        }
        // Away when it was told, so nobody hears that: found by the re-check when the channel is back.
        let back = Moment()
        let polls = try await bob.whileParked(after: 1) {
            listening.refuses = true
            listening.cutAll()
            let told = sending.count(of: "pg_notify")
            let deposit = try await carol.deposit("round 2", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
            while sending.count(of: "pg_notify") == told { try await Task.sleep(for: .milliseconds(5)) }
            try await cluster.psql("SELECT 1")
            back.note()
            listening.refuses = false
        }
        for poll in polls {
            #expect(poll.answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("round 2"))
        }
        let found = try #require(polls.last).time - back.time
        let again = try await Self.wake(bob, by: carol, round: 3)
        print(
            "woken when the wake channel was cut off: \(cut.inMilliseconds) ms, found when it came back:",
            "\(found.inMilliseconds) ms, woken after that: \(again.inMilliseconds) ms")
        #expect(cut < .seconds(5))
        #expect(found < .seconds(3))
        #expect(again < .seconds(3))
    }

    @Test func whatANodeCommittedAndDiedBeforeTellingIsFoundByTheReCheck() async throws {
        let cluster = try await PostgresCluster.shared
        let database = try await cluster.createDatabase()
        let first = try await Service.start(database: database)
        let stage = Stage(service: first, folder: try Folder())
        let bob = try await stage.api(of: stage.person("bob"))
        // A node whose NOTIFYs do not leave it.
        let proxy = try DatabaseProxy(to: cluster.port) { statements in
            statements.last?.contains("pg_notify") == true ? .hold : .pass
        }
        let mute = try await first.another(environment: ["SEALPOST_DATABASE": proxy.url(like: database)])
        let carol = try await API.register("carol", at: mute.url)
        let clock = ContinuousClock()
        let sent = clock.now
        let polls = try await bob.whileParked {
            let deposit = try await carol.deposit("untold", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
            await mute.kill()
        }
        for poll in polls {
            #expect(poll.answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("untold"))
            #expect(poll.time - sent < .seconds(13))
        }
        print("woken by the re-check after \(polls.map { ($0.time - sent).inMilliseconds }) ms")
    }

    /// Parks polls, does something, deposits, and returns how long after sending the last poll had its answer.
    private static func wake(
        _ reader: API, by sender: API, round: Int, _ before: @Sendable () async throws -> Void = {}
    ) async throws -> Duration {
        let sent = Moment()
        let polls = try await reader.whileParked(after: round - 1) {
            try await before()
            sent.note()
            let deposit = try await sender.deposit("round \(round)", to: "bob.1", id: RandomID.make())
            #expect(deposit.status == 201)
        }
        #expect(polls.count == 4)
        for poll in polls {
            #expect(poll.answer.json["envelopes"][0]["content"].bytes == Foreign.envelope("round \(round)"))
        }
        return try #require(polls.last).time - sent.time
    }
}
