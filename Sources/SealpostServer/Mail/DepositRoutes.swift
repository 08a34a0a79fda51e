import HTTPTypes
import Hummingbird
import SealpostCore
import SealpostFormats
import SealpostStore

/// Putting envelopes into the mailboxes of an account, and taking them back.
struct DepositRoutes: Sendable {
    let parts: Dependencies
    let listed: ListedDevices

    var endpoints: [Endpoint] {
        let raw = "/v1/mailboxes/{address}/envelopes/{id}"
        return [
            Endpoint(.put, "/v1/accounts/{handle}/deposits/{id}", .scope(.deposit), action: deposit),
            Endpoint(.put, raw, .scope(.deposit), query: ["ttl"], action: depositRaw),
            Endpoint(.delete, raw, .scope(.deposit), action: withdraw),
        ]
    }

    private func deposit(_ call: Call, _ principal: Principal) async throws -> Response {
        let handle: Handle = try call.path("handle")
        let id: EnvelopeID = try call.path("id")
        let body = try await call.body(DepositRequest.self)
        let envelopes = try Self.envelopes(of: body)
        try await listed.require(principal.ownDevice)
        let deposit = Deposit(
            recipient: handle, depositor: principal.depositor, sender: principal.sender,
            ownDevice: principal.ownDevice, id: id, envelopes: envelopes, ttl: Self.ttl(body.ttl),
            coverage: body.policy == .ignore ? .ignore : .strict)
        return try answer(try await parts.mail.deposit(deposit), to: deposit)
    }

    private func depositRaw(_ call: Call, _ principal: Principal) async throws -> Response {
        let address: MailboxAddress = try call.path("address")
        let id: EnvelopeID = try call.path("id")
        let ttl = try call.query.integer("ttl", in: Int64.min...Int64.max)
        try call.checkMediaType("application/octet-stream", required: false)
        let content = try await call.bytes(upTo: Limits.envelopeBytes)
        try Self.check(content, member: nil)
        try await listed.require(principal.ownDevice)
        let deposit = Deposit(
            recipient: address.handle, depositor: principal.depositor, sender: principal.sender,
            ownDevice: principal.ownDevice, id: id,
            envelopes: [Deposit.Envelope(device: address.device, content: content)], ttl: Self.ttl(ttl),
            coverage: .raw)
        return try answer(try await parts.mail.deposit(deposit), to: deposit)
    }

    private func withdraw(_ call: Call, _ principal: Principal) async throws -> Response {
        let address: MailboxAddress = try call.path("address")
        try await parts.mail.withdraw(
            Withdrawal(
                recipient: address.handle, device: address.device, depositor: principal.depositor,
                id: try call.path("id")))
        return .nothing
    }

    // MARK: Requests

    private static func envelopes(of body: DepositRequest) throws(Problem) -> [Deposit.Envelope] {
        guard (1...Limits.devices).contains(body.envelopes.count) else {
            throw Problem(
                .invalidMember, "envelopes must have 1 to \(Limits.devices) envelopes", member: "envelopes")
        }
        var devices: Set<DeviceNumber> = []
        var envelopes: [Deposit.Envelope] = []
        for (index, envelope) in body.envelopes.enumerated() {
            let path = "envelopes[\(index)]"
            guard devices.insert(envelope.device).inserted else {
                throw Problem(
                    .invalidMember, "\(path).device is device \(envelope.device) a second time",
                    member: "\(path).device")
            }
            let content = envelope.content.bytes
            guard content.count <= Limits.envelopeBytes else {
                throw Problem(
                    .invalidMember, "\(path).content must have at most \(Limits.envelopeBytes) bytes",
                    member: "\(path).content")
            }
            try check(content, member: "\(path).content")
            envelopes.append(Deposit.Envelope(device: envelope.device, content: content))
        }
        return envelopes
    }

    /// Throws unless content is shaped like an envelope.
    private static func check(_ content: [UInt8], member: String?) throws(Problem) {
        do {
            _ = try EnvelopeKind(of: content)
        } catch {
            throw Problem(
                .notAnEnvelope,
                "\(member ?? "the body") must begin with a known version and kind and be long enough"
                    + " for it (\(error)); encrypt before depositing", member: member)
        }
    }

    /// The asked time to live within its limits; the answer tells when each envelope expires.
    static func ttl(_ seconds: Int64?) -> Duration {
        guard let seconds else { return Limits.maximumTTL }
        let allowed = Limits.minimumTTL.components.seconds...Limits.maximumTTL.components.seconds
        return .seconds(min(max(seconds, allowed.lowerBound), allowed.upperBound))
    }

    // MARK: Answers

    private func answer(_ outcome: DepositOutcome, to deposit: Deposit) throws -> Response {
        switch outcome {
        case .accepted(let receipt):
            let answer = DepositAnswer(id: deposit.id, outcomes: receipt.items.map(DepositOutcomeAnswer.init))
            return try .json(answer, status: receipt.new ? .created : .ok)
        case .unknownRecipient:
            throw DirectoryRoutes.unknown(deposit.recipient)
        case .deviceMismatch(_, let gone) where deposit.coverage == .raw:
            let number = (gone.first ?? deposit.envelopes[0].device).description
            throw Problem(.notFound, "there is no mailbox \(deposit.recipient).\(number)", member: "address")
        case .deviceMismatch(let missing, let gone):
            var problem = Problem(
                .deviceMismatch, "encrypt for the missing devices, leave out the gone ones, and deposit under a new id",
                member: "envelopes")
            problem.missing = missing
            problem.gone = gone
            throw problem
        case .idConflict:
            throw Problem(.idConflict, "the id was used with other content; use a new one", member: "id")
        case .mailboxFull(let devices):
            var problem = Problem(.mailboxFull, "nothing was stored; try again later, the same id will do")
            problem.outcomes = devices.map {
                DepositOutcomeAnswer(device: $0, outcome: .refused, code: .mailboxFull)
            }
            throw problem
        case .busy:
            throw StoreError.busy
        }
    }
}

extension DepositOutcomeAnswer {
    init(_ item: DepositReceipt.Item) {
        switch item.outcome {
        case .stored(let seq, let expires):
            self.init(device: item.device, outcome: .stored, seq: seq, expires: expires)
        case .mailboxFull:
            self.init(device: item.device, outcome: .refused, code: .mailboxFull)
        }
    }
}
