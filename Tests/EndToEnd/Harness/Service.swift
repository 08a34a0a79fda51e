import CurlKit
import Foundation
import SealpostTesting
import Synchronization

/// `sealpost serve` on a free port with a store of its own, which outlives the process and can be served again.
final class Service: Sendable {
    let folder: Folder
    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    private let environment: [String: String]
    private let program: Mutex<Program?>
    private let permit: Permit

    private init(environment: [String: String], permit: Permit) throws {
        self.permit = permit
        folder = try Folder()
        port = try FreePort.find()
        self.environment = environment
        program = Mutex(nil)
    }

    /// Starts one and waits until it is ready.
    static func start(environment: [String: String] = [:]) async throws -> Service {
        let service = try Service(environment: environment, permit: await Permit.take())
        try await service.start()
        return service
    }

    /// Starts it, again if it was stopped, on the same port and data.
    func start() async throws {
        let settings = [
            "SEALPOST_DATA_FOLDER": folder.file("data"), "SEALPOST_LISTEN_PORT": String(port),
            "SEALPOST_PASSWORDS_PROFILE": "minimal", "SEALPOST_LIMITS_REGISTRATIONS_PER_HOUR": "0",
            "SEALPOST_LIMITS_CLAIMS_PER_HOUR": "0", "SEALPOST_LIMITS_SIGN_INS_PER_HOUR": "0",
            "SEALPOST_LIMITS_SIGN_INS_ANYWHERE_PER_HOUR": "0",
        ]
        let started = try Program(
            Binary.path, ["serve"], environment: settings.merging(environment) { $1 }, folder: folder.path,
            limit: .seconds(300))
        program.withLock { $0 = started }
        try await ready(started)
    }

    /// SIGKILL, as `kill -9` or a power cut of the process.
    func kill() async { _ = await stop(SIGKILL) }

    /// SIGTERM, and how it ended.
    func terminate() async -> Program.End? { await stop(SIGTERM) }

    /// What it said on standard error.
    var log: String { program.withLock { $0 }?.errors.text ?? "" }

    func api(token: String? = nil) throws -> API { try API(url, token: token) }

    private func stop(_ signal: Int32) async -> Program.End? {
        let running = program.withLock { $0 }
        running?.signal(signal)
        return await running?.end()
    }

    /// Asks `/readyz` until it says yes, or the process ended.
    private func ready(_ started: Program) async throws {
        let http = try HTTPClient()
        defer { http.close() }
        while started.isRunning {
            let request = Request(url: url + "/readyz", timeout: .seconds(5))
            if let answer = try? await http.send(request), answer.status == 200 { return }
            // Between two questions; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(10))
        }
        _ = await started.end()
        throw Failure("the service ended before it was ready: \(started.errors.text)\(started.output.text)")
    }
}

/// A port that nobody listens on, and that nobody gets by asking for any: it is below those that the system hands out.
enum FreePort {
    private static let range: Range<UInt16> = 10_240..<32_768
    /// A port is given once in a run, so that tests beside each other never meet on one.
    private static let given = Mutex<Set<UInt16>>([])

    static func find() throws -> Int {
        for _ in 0..<1000 {
            let port = UInt16.random(in: range)
            if given.withLock({ $0.insert(port).inserted }), isFree(port) { return Int(port) }
        }
        throw Failure("no free port")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
