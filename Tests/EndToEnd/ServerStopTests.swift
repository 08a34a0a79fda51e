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
        var halves: [(id: String, socket: TestSocket, rest: String)] = []
        defer { for half in halves { half.socket.close() } }
        for number in 1...4 {
            let half = try await Self.halfDeposit("number \(number)", from: carol, to: "bob.1", at: stage.service)
            halves.append(half)
        }

        async let end = stage.service.terminate()
        // Until the port is closed: from there on only what was under way is still served.
        while (try? await stage.service.api().call("GET", "/healthz")) != nil {}
        for half in halves {
            try half.socket.send(half.rest)
            let answer = try await half.socket.receiveAnswer()
            #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
        }
        #expect(await end == .exited(0))

        try await stage.service.start()
        let found = try await bob.mailbox().compactMap { $0["id"].string }
        #expect(Set(found) == Set(halves.map(\.id)))
    }

    /// Begins a deposit that the service has seen: it asked for the body, of which the half is sent.
    private static func halfDeposit(
        _ text: String, from sender: API, to mailbox: String, at service: Service
    ) async throws -> (id: String, socket: TestSocket, rest: String) {
        let id = RandomID.make()
        let body = String(decoding: Foreign.envelope(text), as: UTF8.self)
        let socket = try TestSocket(port: service.port)
        try socket.send(
            """
            PUT /v1/mailboxes/\(mailbox)/envelopes/\(id) HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(sender.token ?? "")\r
            Expect: 100-continue\r
            Content-Length: \(body.utf8.count)\r
            \r

            """)
        try #require(try await socket.receiveHead().hasPrefix("HTTP/1.1 100 "))
        let half = body.index(body.startIndex, offsetBy: body.count / 2)
        try socket.send(String(body[..<half]))
        return (id, socket, String(body[half...]))
    }
}
