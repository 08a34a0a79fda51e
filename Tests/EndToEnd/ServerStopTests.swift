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

    @Test func aDepositThatRunsIntoTheStopIsAnsweredAndKeptOrRefused() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.api(of: stage.person("bob"))
        let carol = try await API.register("carol", at: stage.service.url)

        let writers = (1...32).map { number in
            Task { () -> String? in
                let id = RandomID.make()
                guard let answer = try? await carol.deposit("number \(number)", to: "bob.1", id: id) else { return nil }
                return answer.status == 201 ? id : nil
            }
        }
        #expect(await stage.service.terminate() == .exited(0))
        let stored = await writers.asyncMap { await $0.value }.compactMap { $0 }

        try await stage.service.start()
        let found = Set(try await bob.mailbox().compactMap { $0["id"].string })
        #expect(Set(stored).subtracting(found).isEmpty)
    }
}

extension Sequence {
    /// `map`, one after the other, with a transform that waits.
    func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { try await values.append(transform(element)) }
        return values
    }
}
