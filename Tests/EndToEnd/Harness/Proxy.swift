import CurlKit
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SealpostTesting

/// A server between the tool and the service, which passes everything on unless its lie says otherwise.
struct Proxy: Sendable {
    struct Exchange: Sendable {
        let method: String
        /// The path with its query.
        let path: String
        let body: [UInt8]
        var status: Int
        var answer: [UInt8]

        /// The answer as JSON, to look at or to change.
        var json: JSON {
            get { (try? JSON(answer)) ?? .null }
            set { answer = (try? newValue.encoded) ?? [] }
        }
    }

    enum Verdict: Sendable {
        case pass
        /// Another answer than the service gave.
        case rewrite(Exchange)
        /// The service did what was asked, and nobody hears of it.
        case lose
    }

    typealias Lie = @Sendable (Exchange) async throws -> Verdict

    /// Runs `body` with the URL of a proxy before `service`.
    static func telling<Value: Sendable>(
        _ lie: @escaping Lie, before service: Service, _ body: @Sendable (String) async throws -> Value
    ) async throws -> Value {
        let port = try FreePort.find()
        let ready = Promise<Void>()
        var logger = Logger(label: "proxy")
        logger.logLevel = .critical
        let http = try HTTPClient()
        let responder = CallbackResponder<BasicRequestContext> { request, _ in
            try await answer(request, from: service.url, by: http, lie: lie)
        }
        let application = Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { _ in ready.keep(()) }, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            await ready.value
            defer { group.cancelAll() }
            return try await body("http://127.0.0.1:\(port)")
        }
    }

    private static func answer(
        _ request: Hummingbird.Request, from service: String, by http: HTTPClient, lie: Lie
    ) async throws -> Hummingbird.Response {
        let body = Array(buffer: try await request.body.collect(upTo: 8 << 20))
        let path = request.uri.string
        let headers = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
            .filter { !hopByHop.contains($0.name) }
        let asked = CurlKit.Request(
            method: request.method.rawValue, url: service + path, headers: headers, body: body.isEmpty ? nil : body,
            timeout: .seconds(90))
        let came = try await http.send(asked)
        var exchange = Exchange(
            method: request.method.rawValue, path: path, body: body, status: came.status, answer: came.body)
        switch try await lie(exchange) {
        case .pass: break
        case .rewrite(let other): exchange = other
        case .lose:
            return Response(status: .ok, body: ResponseBody { _ in throw Failure("the answer is lost") })
        }
        var fields = HTTPFields()
        for (name, value) in came.headers.fields where !hopByHop.contains(name.lowercased()) {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        let buffer = ByteBuffer(bytes: exchange.answer)
        return Response(status: .init(code: exchange.status), headers: fields, body: ResponseBody(byteBuffer: buffer))
    }

    private static let hopByHop: Set<String> = [
        "connection", "content-length", "transfer-encoding", "host", "expect", "date", "server", "keep-alive",
    ]
}
