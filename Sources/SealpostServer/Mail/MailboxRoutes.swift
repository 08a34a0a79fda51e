import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostDelivery
import SealpostStore

/// Collecting mail: fetch, acknowledge, poll, and one envelope's bytes.
struct MailboxRoutes: Sendable {
    let parts: Dependencies

    var endpoints: [Endpoint] {
        let mailbox = Endpoint.Access.scope(.mailbox)
        return [
            Endpoint(.get, "/v1/mailbox", mailbox, query: ["after", "limit", "wait"], action: fetch),
            Endpoint(.post, "/v1/mailbox/ack", mailbox, action: acknowledge),
            Endpoint(.get, "/v1/mailbox/envelopes/{seq}", mailbox, action: envelope),
            Endpoint(.post, "/v1/poll", mailbox, action: poll),
        ]
    }

    private func fetch(_ call: Call, _ principal: Principal) async throws -> Response {
        let mailbox = try principal.mailbox()
        let limit = try call.query.integer("limit", in: 1...Int64(Limits.fetchItems))
        let wait = WaitPreference(asked: try call.query.integer("wait", in: 0...WaitPreference.longest), of: call)
        let fetch = Fetch(
            mailbox: mailbox, after: try call.query.sequence("after"),
            limit: limit.map { Int($0) } ?? Limits.defaultFetchItems)
        let answer = try await answer(to: fetch, wait: wait, call, principal)
        return answer.response(preferenceApplied: wait.applied)
    }

    private func poll(_ call: Call, _ principal: Principal) async throws -> Response {
        let mailbox = try principal.mailbox()
        let body = try await call.body(PollRequest.self)
        try Self.check(body.limit, "limit", in: 1...Limits.fetchItems)
        try Self.check(body.wait, "wait", in: 0...Int(WaitPreference.longest))
        if let ack = body.mailbox.ack {
            _ = try await acknowledge(ack.body, in: mailbox, member: "mailbox.ack")
        }
        let fetch = Fetch(
            mailbox: mailbox, after: body.mailbox.after, limit: body.limit ?? Limits.defaultFetchItems)
        let wait = WaitPreference(asked: body.wait.map { Int64($0) }, of: call)
        let answer = try await answer(to: fetch, wait: wait, call, principal)
        return answer.pollResponse(preferenceApplied: wait.applied)
    }

    private func acknowledge(_ call: Call, _ principal: Principal) async throws -> Response {
        let mailbox = try principal.mailbox()
        let body = try await call.body(AckRequest.self)
        return try .json(try await acknowledge(body, in: mailbox, member: nil))
    }

    private func envelope(_ call: Call, _ principal: Principal) async throws -> Response {
        let mailbox = try principal.mailbox()
        let seq = try call.sequence()
        guard let envelope = try await parts.store.envelope(seq, in: mailbox) else {
            throw Problem(
                .notFound, "there is no envelope \(seq): it is acknowledged, expired, withdrawn or was never there",
                member: "seq")
        }
        return .bytes(envelope.content, type: "application/octet-stream")
    }

    // MARK: Acknowledging

    private func acknowledge(
        _ request: AckRequest, in mailbox: MailboxKey, member: String?
    ) async throws -> AckAnswer {
        switch try await parts.mail.acknowledge(Ack(mailbox: mailbox, extent: try Self.extent(request, member))) {
        case .acked(let through, let count, let bytes):
            return AckAnswer(acked: through, pending: PendingAnswer(count: count, bytes: bytes))
        case .ahead(let head):
            var problem = Problem(
                .ackAhead, "the last sequence number given is \(head): what is beyond it cannot have been stored")
            problem.head = head
            throw problem
        case .pending:
            throw Problem(.devicePending, "first store a device list that names device \(mailbox.device)")
        case .unknownDevice:
            throw Self.removed
        case .busy:
            throw StoreError.busy
        }
    }

    private static func extent(_ request: AckRequest, _ member: String?) throws(Problem) -> Ack.Extent {
        switch (request.through, request.seqs) {
        case (let through?, nil):
            return .through(through)
        case (nil, let seqs?):
            guard (1...Limits.mailboxEnvelopes).contains(seqs.count) else {
                let path = member.map { "\($0).seqs" } ?? "seqs"
                throw Problem(
                    .invalidMember, "\(path) must have 1 to \(Limits.mailboxEnvelopes) sequence numbers", member: path)
            }
            return .seqs(seqs)
        case (nil, nil):
            throw Problem(.missingMember, "through or seqs is required", member: member ?? "through")
        case (.some, .some):
            throw Problem(.invalidMember, "through and seqs exclude each other", member: member ?? "seqs")
        }
    }

    // MARK: Fetching

    private func answer(
        to fetch: Fetch, wait: WaitPreference, _ call: Call, _ principal: Principal
    ) async throws -> EncodedMailbox {
        let presence = wait.seconds > 0 ? await ClientPresence.of(call.context.channel) : nil
        let outcome = try await parts.mail.poll(
            fetch, wait: .seconds(wait.seconds), bearer: principal.bearer, presence: presence)
        return try Self.encode(outcome, wait: wait)
    }

    // Not inlined: what it computes with would otherwise lie in the frame of `answer` for as long as a poll is parked.
    @inline(never)
    private static func encode(_ outcome: PollOutcome, wait: WaitPreference) throws -> EncodedMailbox {
        switch outcome.end {
        case .revoked:
            throw Problem(.invalidToken, "the token was revoked")
        case .timedOut, .superseded, .draining, .cancelled, nil:
            break
        }
        switch outcome.fetch {
        case .page(let page):
            return try EncodedMailbox(page, wait: wait.seconds, isSuperseded: outcome.end == .superseded)
        case .pending(let account):
            return try EncodedMailbox(
                pending: account, wait: wait.seconds, isSuperseded: outcome.end == .superseded)
        case .cursorAhead(let head):
            var problem = Problem(
                .cursorAhead,
                "the last sequence number given is \(head); fetch without after to begin where the"
                    + " acknowledged mail ends", member: "after")
            problem.head = head
            throw problem
        case .unknownDevice:
            throw removed
        }
    }

    private static var removed: Problem { Problem(.invalidToken, "the device was removed") }

    private static func check(_ value: Int?, _ member: String, in range: ClosedRange<Int>) throws(Problem) {
        guard let value, !range.contains(value) else { return }
        throw Problem(
            .invalidMember, "\(member) must be a whole number from \(range.lowerBound) to \(range.upperBound)",
            member: member)
    }
}
