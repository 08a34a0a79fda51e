import CurlKit
import Foundation
import SealpostTesting
import Synchronization

/// `sealpost serve` on a free port with a store of its own, or as a node on a database; what it stores outlives the
/// process and can be served again.
final class Service: Sendable {
    let folder: Folder
    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    private let environment: [String: String]
    private let program: Mutex<Program?>
    private let permit: Permit
    /// The node whose keyring this one uses, too.
    private let first: Service?

    private init(environment: [String: String], permit: Permit, first: Service?) throws {
        self.permit = permit
        self.first = first
        folder = try Folder()
        port = try FreePort.find()
        self.environment = environment
        program = Mutex(nil)
    }

    /// Starts one and waits until it is ready.
    ///
    /// - Parameter database: the URL of a PostgreSQL database; without it the store is SQLite.
    static func start(database: String? = nil, environment: [String: String] = [:]) async throws -> Service {
        var environment = environment
        environment["SEALPOST_DATABASE"] = database
        let service = try Service(environment: environment, permit: await Permit.take(), first: nil)
        try await service.start()
        return service
    }

    /// Starts another node on the same database, with a data folder of its own and the same keyring.
    func another(environment more: [String: String] = [:]) async throws -> Service {
        let environment = environment.merging(["SEALPOST_KEYRING_FILE": keyring]) { $1 }.merging(more) { $1 }
        // The permit is the first one's: tests that wait for a second while they hold one would wait for each other.
        let node = try Service(environment: environment, permit: permit, first: self)
        try await node.start()
        return node
    }

    var keyring: String { first?.keyring ?? folder.file("data/keyring.json") }

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
