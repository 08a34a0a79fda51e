import SealpostClient
import SealpostCore

/// A message on its way out, as `send` and `outbox` print it.
struct OutboxRecord: Encodable {
    enum State: String, Encodable {
        case sent, queued, failed
    }

    var entry: Int64
    var id: String
    var to: Handle
    var kind: String?
    var text: String?
    var state: State
    var due: Timestamp
    var attempts: Int
    var nextAttempt: Timestamp?
    var lastError: String?

    enum CodingKeys: String, CodingKey {
        case entry, id, to, kind, text, state, due, attempts
        case nextAttempt = "next_attempt"
        case lastError = "last_error"
    }

    init(_ entry: OutboxEntry, isSent: Bool = false) {
        self.entry = entry.number
        id = entry.id
        to = entry.recipient
        switch entry.content {
        case .text(let words, _): (kind, text) = ("text", words)
        case .receipt: kind = "receipt"
        case .profile: kind = "profile"
        case nil: kind = nil
        }
        due = entry.due
        attempts = entry.attempts
        nextAttempt = entry.nextAttempt
        lastError = entry.lastError
        switch entry.state {
        case _ where isSent: state = .sent
        case .queued, .encrypted: state = .queued
        case .failed(let reason): (state, lastError) = (.failed, reason)
        }
    }

    /// `sent 3 to bob`, `queued 3 to bob (not before …)`.
    func line(now: Timestamp = .now) -> String {
        var notes: [String] = []
        if due > now { notes.append("not before \(due)") }
        if let lastError, state != .sent { notes.append(TerminalText.oneLine(lastError)) }
        let note = notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"
        return "\(state.rawValue) \(entry) to \(to)\(note)"
    }
}
