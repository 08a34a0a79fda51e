import Foundation
import SealpostTesting

/// Depositors and readers at the nodes of a database who go on whatever happens to it: a deposit is repeated under its id
/// until it is answered 201 or 200, at whichever node answers, and a reader polls on from its cursor. The number of
/// deposits is fixed.
struct Load: Sendable {
    /// Who reads one mailbox.
    struct Reader: Sendable {
        let address: String
        let device: API
    }

    let nodes: [Service]
    let sender: API
    let readers: [Reader]
    /// Depositors a mailbox.
    var writers = 4
    /// Deposits of each of them.
    var deposits = 40
    /// Whether nodes are killed, so that connections to them may break.
    var nodesMayDie = false
    let ledger = LoadLedger()

    private static let patience = Duration.seconds(45)
    /// Longer than any re-check, so that a wake that was lost is seen to be found by that.
    private static let wait = 40

    var total: Int { readers.count * writers * deposits }

    /// Runs until everything is deposited and read, calling `body` meanwhile.
    func run(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { everybody in
                    for reader in readers {
                        everybody.addTask { await read(reader) }
                        for writer in 0..<writers { everybody.addTask { await write(writer, to: reader.address) } }
                    }
                }
                ledger.end()
            }
            try await body()
            try await group.waitForAll()
        }
    }

    // MARK: Depositors

    private func write(_ writer: Int, to address: String) async {
        var node = writer
        for number in 1...deposits {
            let (id, text) = (RandomID.make(), "writer \(writer), number \(number)")
            ledger.sending(id, text, to: address)
            let end = ContinuousClock.now + Self.patience
            while await !deposit(text, id, to: address, at: nodes[node % nodes.count]) {
                guard ContinuousClock.now < end else { return ledger.note("\(text) to \(address) was never taken") }
                node += 1
                await pause()
            }
        }
    }

    /// Whether it was taken.
    private func deposit(_ text: String, _ id: String, to address: String, at node: Service) async -> Bool {
        let start = ContinuousClock.now
        let answer = try? await node.api(as: sender).deposit(text, to: address, id: id)
        guard let answer, isExpected(answer, after: ContinuousClock.now - start, "a deposit") else {
            if answer == nil { lostConnection("a deposit") }
            return false
        }
        guard answer.status != 503 else { return false }
        ledger.taken(id, isNew: answer.status == 201)
        return true
    }

    // MARK: Readers

    private func read(_ reader: Reader) async {
        let (count, end) = (writers * deposits, ContinuousClock.now + Self.patience * 3 / 2)
        var (cursor, node) = (0, 0)
        while cursor < count {
            guard ContinuousClock.now < end else { return ledger.note("\(reader.address) got \(cursor) of \(count)") }
            let at = nodes[node % nodes.count].api(as: reader.device)
            let path = "/v1/mailbox?after=\(cursor)&limit=20&wait=\(Self.wait)"
            let answer = try? await at.call("GET", path)
            if let answer, isExpected(answer, after: .zero, "a poll"), answer.status == 200 {
                for item in answer.json["envelopes"].items {
                    cursor += 1
                    if item["seq"].integer != cursor {
                        ledger.note("\(reader.address): \(item["seq"]) in the place of \(cursor)")
                    }
                    ledger.read(item, from: reader.address)
                }
                if !answer.json["tombstones"].items.isEmpty { ledger.note("a tombstone in \(reader.address)") }
            } else {
                if answer == nil { lostConnection("a poll") }
                node += 1
                await pause()
            }
        }
    }

    // MARK: What may happen

    /// 2xx, or 503 with `Retry-After`; anything else is noted.
    private func isExpected(_ answer: API.Answer, after duration: Duration, _ what: String) -> Bool {
        ledger.answered(answer.status, after: duration)
        if answer.status == 200 || answer.status == 201 { return true }
        if answer.status == 503, answer.headers["retry-after"] != nil { return true }
        ledger.note("\(what) got \(answer.status) \(String(decoding: answer.bytes, as: UTF8.self))")
        return false
    }

    private func lostConnection(_ what: String) {
        ledger.broke()
        if !nodesMayDie { ledger.note("\(what) got no answer") }
    }

    /// Between two attempts; how long matters to nothing.
    private func pause() async { try? await Task.sleep(for: .milliseconds(20)) }
}
