import Foundation
import SealpostTesting
import Testing

/// Promise P10: on SIGTERM parked polls are answered, requests in flight finish, and the process ends in time.
@Suite
struct ServerStopTests {
    @Test func parkedPollsAreAnsweredEmptyAndTheServerExitsCleanly() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: API.Answer.self) { polls in
            for number in 1...5 {
                polls.addTask {
                    number == 1
                        ? try await bob.call("POST", "/v1/poll", json: ["mailbox": [:], "wait": 55])
                        : try await bob.call("GET", "/v1/mailbox?wait=55")
                }
            }
            // Four fit on a mailbox; so when one is released by a newer one, the other four are parked.
            let superseded = try #require(try await polls.next())
            #expect(Self.mailbox(superseded)["superseded"].bool == true)

            #expect(await stage.service.terminate() == .exited(0))
            for try await answer in polls {
                #expect(answer.status == 200)
                #expect(Self.mailbox(answer)["envelopes"] == .array([]))
                #expect(answer.headers["connection"]?.lowercased() == "close")
            }
        }
        #expect(clock.now - start < .seconds(20), "it did not wait for the polls to time out")
    }

    /// What an answer of either call says of the mailbox.
    private static func mailbox(_ answer: API.Answer) -> JSON {
        answer.json["mailbox"]["envelopes"] == .null ? answer.json : answer.json["mailbox"]
    }

    @Test func depositsUnderWayAtTheStopAreAnswered201AndThereAfterwards() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: stage.service.url)
        var halves: [HalfDeposit] = []
        defer { for half in halves { half.close() } }
        for number in 1...4 {
            halves.append(try await HalfDeposit("number \(number)", from: carol, to: "bob.1", at: stage.service))
        }

        async let end = stage.service.terminate()
        // Until the port is closed: from there on only what was under way is still served.
        while (try? await stage.service.api().call("GET", "/healthz")) != nil {}
        for half in halves {
            let answer = try await half.finish()
            #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
        }
        #expect(await end == .exited(0))

        try await stage.service.start()
        let found = try await bob.mailbox().compactMap { $0["id"].string }
        #expect(Set(found) == Set(halves.map(\.id)))
    }
}
