import SealpostTesting
import Testing

/// A deposit that the service has seen: it asked for the body, of which the half is sent.
struct HalfDeposit: Sendable {
    let id: String
    private let socket: TestSocket
    private let rest: String

    init(_ text: String, from sender: API, to mailbox: String, at service: Service) async throws {
        id = RandomID.make()
        let body = String(decoding: Foreign.envelope(text), as: UTF8.self)
        socket = try TestSocket(port: service.port)
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
        rest = String(body[half...])
    }

    /// Sends the rest, and returns the answer as it came.
    func finish() async throws -> String {
        try socket.send(rest)
        return try await socket.receiveAnswer()
    }

    func close() { socket.close() }
}
