import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import SealpostCore
import SealpostFormats
import SealpostStore

/// A mailbox answer as JSON bytes. Content dominates it, and goes straight from its bytes to base64; only what
/// surrounds the envelopes goes through the general encoder.
struct EncodedMailbox {
    let json: ByteBuffer
    let wait: Int64
    /// Absent for a pending device.
    let cursor: Sequence?

    init(_ page: MailboxPage, wait: Int64, isSuperseded: Bool) throws {
        var answer = MailboxAnswer(account: AccountStateAnswer(page.state.account), wait: Int(wait))
        answer.mailbox = page.state.address
        answer.tombstones = page.items.compactMap { if case .tombstone(let tombstone) = $0 { tombstone } else { nil } }
        answer.cursor = page.cursor
        answer.more = page.more
        answer.pending = PendingAnswer(count: page.state.count, bytes: page.state.bytes)
        answer.refused = page.state.refused
        answer.prekeys = page.state.prekeys
        answer.dormantSince = page.dormantSince
        answer.mark(superseded: isSuperseded)
        let envelopes = page.items.compactMap { if case .envelope(let envelope) = $0 { envelope } else { nil } }
        var json = ByteBuffer()
        json.reserveCapacity(envelopes.reduce(1024) { $0 + $1.content.count * 4 / 3 + 256 })
        json.writeString("{\"envelopes\":[")
        for (index, envelope) in envelopes.enumerated() {
            if index > 0 { json.writeString(",") }
            try json.write(envelope)
        }
        json.writeString("],")
        // Without its opening brace: the answer always has members.
        json.writeBytes(try AnswerEncoding.encode(answer).dropFirst())
        self.json = json
        self.wait = wait
        cursor = page.cursor
    }

    /// What a pending device gets: only what is said of the account.
    init(pending account: AccountState, wait: Int64, isSuperseded: Bool) throws {
        var answer = MailboxAnswer(account: AccountStateAnswer(account), wait: Int(wait))
        answer.mark(superseded: isSuperseded)
        json = ByteBuffer(bytes: try AnswerEncoding.encode(answer))
        self.wait = wait
        cursor = nil
    }

    /// The answer of `GET /v1/mailbox`.
    func response(preferenceApplied: String?) -> Response {
        response(json, preferenceApplied)
    }

    /// The answer of `POST /v1/poll`.
    func pollResponse(preferenceApplied: String?) -> Response {
        var body = ByteBuffer()
        body.reserveCapacity(json.readableBytes + 64)
        body.writeString("{\"mailbox\":")
        body.writeImmutableBuffer(json)
        body.writeString(",\"wait\":\(wait)}")
        return response(body, preferenceApplied)
    }

    private func response(_ body: ByteBuffer, _ preferenceApplied: String?) -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.sealpostCursor] = cursor?.description
        headers[.preferenceApplied] = preferenceApplied
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension MailboxAnswer {
    fileprivate static let retryAfterSuperseded = 5

    fileprivate mutating func mark(superseded: Bool) {
        guard superseded else { return }
        self.superseded = true
        retryAfter = Self.retryAfterSuperseded
    }
}

extension AccountStateAnswer {
    init(_ state: AccountState) {
        self.init(
            listVersion: state.listVersion, listHash: state.listHash.map { Base64($0) },
            pendingDevices: state.pendingDevices)
    }
}

extension ByteBuffer {
    /// One envelope as JSON. Handles, addresses, ids, kinds and times have no character that JSON escapes.
    fileprivate mutating func write(_ envelope: Envelope) throws {
        writeString("{\"seq\":\(envelope.seq),\"id\":\"\(envelope.id)\"")
        if let from = envelope.from {
            writeString(",\"from\":\"\(from)\"")
        }
        let kind = try EnvelopeKind(of: envelope.content).word
        writeString(",\"kind\":\"\(kind)\",\"received\":\"\(envelope.received)\",\"expires\":\"\(envelope.expires)\"")
        writeString(",\"content\":\"")
        writeBytes(Data(envelope.content).base64EncodedData())
        writeString("\"}")
    }
}
