import SealpostCore
import SealpostStore

/// A fetch that found nothing: where it stands, and what would be news to it. A class: a parked poll holds it.
final class IdlePoll: Sendable {
    let outcome: FetchOutcome
    let standing: Standing
    let account: AccountState
    let dormantSince: Timestamp?

    init?(_ outcome: FetchOutcome) {
        let cursor: Sequence
        switch outcome {
        case .page(let page) where page.items.isEmpty:
            cursor = page.cursor
            account = page.state.account
            dormantSince = page.dormantSince
        case .pending(let state):
            cursor = .start
            account = state
            dormantSince = nil
        case .page, .cursorAhead, .unknownDevice:
            return nil
        }
        standing = Standing(cursor: cursor, account: account)
        self.outcome = outcome
    }

    /// What the poll is answered when this ended its wait; nil if it has to look again.
    @inline(never)
    func answer(to reason: WakeReason, limit: Int) -> PollOutcome? {
        switch reason {
        case .look: return nil
        case .delivered(let envelopes, let state):
            guard state.account == account else { return nil }
            var page = MailboxPage(envelopes, limit: limit, state: state)
            page.dormantSince = dormantSince
            return PollOutcome(fetch: .page(page))
        case .timedOut: return PollOutcome(fetch: outcome, end: .timedOut)
        case .superseded: return PollOutcome(fetch: outcome, end: .superseded)
        case .revoked: return PollOutcome(fetch: outcome, end: .revoked)
        case .draining: return PollOutcome(fetch: outcome, end: .draining)
        case .cancelled: return PollOutcome(fetch: outcome, end: .cancelled)
        }
    }
}

extension MailboxPage {
    /// A page of envelopes that were just committed, within the limits of an answer.
    init(_ envelopes: [Envelope], limit: Int, state: MailboxState) {
        var bytes = 0
        let fitting = envelopes.prefix(limit).prefix { envelope in
            defer { bytes += envelope.content.count }
            return bytes == 0 || bytes + envelope.content.count <= Limits.fetchBytes
        }
        self.init(
            items: fitting.map(MailboxItem.envelope), cursor: fitting.last?.seq ?? .start,
            more: fitting.count < envelopes.count, state: state, dormantSince: nil)
    }
}
