import CurlKit
import Foundation
import SealpostCore

/// The server under load: requests to it, and what the machine says of its process.
package struct Target: Sendable {
    let client: HTTPClient
    let server: String
    let pid: Int32?

    package init(server: String, pid: Int32?) throws {
        self.server = server
        self.pid = pid
        client = try HTTPClient()
    }

    package func close() { client.close() }

    /// Sends a request and decodes the answer; any other status than 200, 201 or 204 is an error that shows it.
    func call<Answer: Decodable>(
        _ method: String, _ path: String, token: String?, json body: (any Encodable & Sendable)? = nil,
        as type: Answer.Type
    ) async throws -> Answer {
        let bytes = try await send(
            method, path, token: token, contentType: "application/json",
            body: body.map { Array(try JSONEncoder().encode($0)) })
        return try JSONDecoder().decode(Answer.self, from: Data(bytes))
    }

    @discardableResult
    func send(
        _ method: String, _ path: String, token: String?, contentType: String? = nil, body: [UInt8]? = nil
    ) async throws -> [UInt8] {
        var headers: [(name: String, value: String)] = []
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let contentType, body != nil { headers.append(("Content-Type", contentType)) }
        let response = try await client.send(
            Request(method: method, url: server + path, headers: headers, body: body, timeout: .seconds(90)))
        guard [200, 201, 204].contains(response.status) else {
            throw BenchError.refused(
                "\(method) \(path)", status: response.status, String(decoding: response.body, as: UTF8.self))
        }
        return response.body
    }

    /// The resident memory of the server, in bytes.
    func residentMemory() -> Int? {
        guard let pid, let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else {
            return nil
        }
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// The CPU time that the server has used, user and system.
    func cpuTime() -> Duration? {
        guard let pid, let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let afterName = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(afterName, offsetBy: 2)...].split(separator: " ")
        // utime and stime are the 14th and 15th fields, in clock ticks; the name is the second.
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return .milliseconds((user + system) * 1000 / Int(sysconf(Int32(_SC_CLK_TCK))))
    }
}

/// What was used between two readings, if both could be taken.
func difference(_ after: Duration?, _ before: Duration?) -> Duration? {
    guard let after, let before else { return nil }
    return after - before
}

enum BenchError: Error, CustomStringConvertible {
    case refused(String, status: Int, String)
    case lost(String)

    var description: String {
        switch self {
        case .refused(let call, let status, let body): "\(call) was answered \(status): \(body)"
        case .lost(let what): what
        }
    }
}
