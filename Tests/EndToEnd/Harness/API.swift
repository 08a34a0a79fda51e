import CurlKit
import Foundation
import SealpostTesting

/// The service as somebody sees it who writes HTTP by hand.
struct API: Sendable {
    let url: String
    var token: String?
    let http: HTTPClient

    init(_ url: String, token: String? = nil, http: HTTPClient) {
        self.url = url
        self.token = token
        self.http = http
    }

    init(_ url: String, token: String? = nil) throws {
        self.init(url, token: token, http: try HTTPClient())
    }

    func with(token: String?) -> API { API(url, token: token, http: http) }

    struct Answer: Sendable {
        let status: Int
        let headers: Headers
        let bytes: [UInt8]

        var json: JSON { (try? JSON(bytes)) ?? .null }
        var code: String? { json["code"].string }
    }

    /// Sends one request.
    ///
    /// - Parameters:
    ///   - path: from `/`, with its query.
    ///   - json: the body; `bytes` is a body of `application/octet-stream`.
    func call(
        _ method: String, _ path: String, json: JSON? = nil, bytes: [UInt8]? = nil, headers: [String: String] = [:],
        timeout: Duration = .seconds(90)
    ) async throws -> Answer {
        var fields = headers.map { (name: $0.key, value: $0.value) }
        if let token { fields.append(("Authorization", "Bearer \(token)")) }
        if json != nil { fields.append(("Content-Type", "application/json")) }
        if bytes != nil { fields.append(("Content-Type", "application/octet-stream")) }
        let request = Request(
            method: method, url: url + path, headers: fields, body: try json?.encoded ?? bytes, timeout: timeout)
        let response = try await http.send(request)
        return Answer(status: response.status, headers: response.headers, bytes: response.body)
    }

    /// A new account without a device: it can deposit, and has no mailbox.
    static func register(_ handle: String, at url: String, password: String = "correct horse") async throws -> API {
        let api = try API(url)
        let answer = try await api.call(
            "POST", "/v1/accounts", json: ["handle": .string(handle), "password": .string(password)])
        guard answer.status == 201, let token = answer.json["session"]["access_token"].string else {
            throw Failure(
                "cannot register \(handle): \(answer.status) \(String(decoding: answer.bytes, as: UTF8.self))")
        }
        return api.with(token: token)
    }

    /// Deposits a foreign envelope (`01 7f`) that holds `text`.
    func deposit(_ text: String, to mailbox: String, id: String) async throws -> Answer {
        try await call("PUT", "/v1/mailboxes/\(mailbox)/envelopes/\(id)", bytes: Foreign.envelope(text))
    }

    /// Everything that waits in the token's mailbox, page by page, without acknowledging.
    func mailbox() async throws -> [JSON] {
        var found: [JSON] = []
        var cursor = 0
        while true {
            let answer = try await call("GET", "/v1/mailbox?after=\(cursor)&limit=100")
            guard answer.status == 200, let next = answer.json["cursor"].integer else {
                throw Failure("fetch: \(answer.status) \(String(decoding: answer.bytes, as: UTF8.self))")
            }
            found += answer.json["envelopes"].items
            guard answer.json["more"].bool == true else { return found }
            cursor = next
        }
    }
}

/// An envelope of another suite: what the service takes without knowing more than its frame.
enum Foreign {
    static func envelope(_ text: String) -> [UInt8] {
        [0x01, 0x7f, 4] + Array("test".utf8) + Array(text.utf8)
    }
}

/// Random ids for deposits and claims.
enum RandomID {
    static func make() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
        return String((0..<22).map { _ in alphabet[Int.random(in: 0..<64)] })
    }
}
