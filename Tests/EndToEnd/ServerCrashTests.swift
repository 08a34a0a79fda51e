import Foundation
import SealpostTesting
import Synchronization
import Testing

/// Promise P1, at the real process: what was answered 201 is there after `kill -9`, once.
@Suite
struct ServerCrashTests {
    @Test func everyDepositAnswered201IsThereExactlyOnceAfterTheServerWasKilledInTheirMidst() async throws {
        let stage = try await Stage.set()
        let bob = try await stage.person("bob")
        let mailbox = try await stage.api(of: bob)
        let carol = try await API.register("carol", at: stage.service.url)

        let ledger = Ledger()
        for round in 1...3 {
            try await deposit(from: carol, into: ledger, killing: stage.service, afterMore: 200, round: round)
            try await stage.service.start()
            try await check(ledger, in: mailbox)
        }

        // What was never answered is repeated as it was, and is there once, whichever way it went before.
        for id in ledger.unanswered {
            let answer = try await carol.deposit(ledger.text(id), to: "bob.1", id: id)
            #expect(answer.status == 201 || answer.status == 200)
            ledger.answered(id)
        }
        try await check(ledger, in: mailbox)
    }

    /// Sixteen writers deposit until the server is killed, which happens after `count` more answers of 201.
    private func deposit(
        from carol: API, into ledger: Ledger, killing service: Service, afterMore count: Int, round: Int
    ) async throws {
        let goal = ledger.count + count
        await withTaskGroup(of: Void.self) { group in
            for writer in 1...16 {
                group.addTask {
                    var number = 0
                    while true {
                        number += 1
                        let id = RandomID.make()
                        let text = "round \(round), writer \(writer), number \(number)"
                        ledger.sending(id, text)
                        guard let answer = try? await carol.deposit(text, to: "bob.1", id: id), answer.status == 201
                        else { return }
                        if ledger.answered(id) == goal { await service.kill() }
                    }
                }
            }
        }
    }

    private func check(_ ledger: Ledger, in mailbox: API) async throws {
        let found = try await mailbox.mailbox()
        let ids = found.compactMap { $0["id"].string }
        let once = Set(ids)
        #expect(once.count == ids.count, "an envelope is there twice")
        #expect(ledger.answeredIDs.subtracting(once).isEmpty, "a deposit that was answered 201 is gone")
        #expect(once.subtracting(ledger.sentIDs).isEmpty, "there is an envelope that nobody sent")
        let numbers = found.compactMap { $0["seq"].integer }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        for envelope in found {
            guard let id = envelope["id"].string, let content = envelope["content"].bytes else { continue }
            #expect(content == Foreign.envelope(ledger.text(id)), "the content is not what was sent")
        }
    }
}

/// What was sent, and what of it was answered.
private final class Ledger: Sendable {
    private struct State {
        var texts: [String: String] = [:]
        var answered: Set<String> = []
    }

    private let state = Mutex(State())

    func sending(_ id: String, _ text: String) {
        state.withLock { $0.texts[id] = text }
    }

    /// Notes the answer and returns how many there are.
    @discardableResult
    func answered(_ id: String) -> Int {
        state.withLock { state in
            state.answered.insert(id)
            return state.answered.count
        }
    }

    func text(_ id: String) -> String { state.withLock { $0.texts[id] ?? "" } }
    var count: Int { state.withLock { $0.answered.count } }
    var sentIDs: Set<String> { state.withLock { Set($0.texts.keys) } }
    var answeredIDs: Set<String> { state.withLock { $0.answered } }
    var unanswered: Set<String> { state.withLock { Set($0.texts.keys).subtracting($0.answered) } }
}
