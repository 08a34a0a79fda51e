import Foundation
import SealpostTesting

/// The tool with one profile: a person at one device.
struct Profile: Sendable {
    static let password = "correct horse battery staple"

    let folder: Folder
    let name: String
    let server: String
    var environment: [String: String] = [:]

    init(_ name: String, in folder: Folder, server: String) {
        self.folder = folder
        self.name = name
        self.server = server
    }

    var path: String { folder.file(name) }

    /// The same profile through another server or a proxy.
    func through(_ url: String) -> Profile { Profile(name, in: folder, server: url) }

    struct Run: Sendable {
        let end: Program.End
        let output: String
        let errors: String

        var status: Int32? {
            if case .exited(let status) = end { status } else { nil }
        }

        /// Each line of the output as JSON.
        var lines: [JSON] {
            get throws { try JSON.lines(output) }
        }
    }

    /// Starts a command.
    func start(_ arguments: [String], input: String = "", environment extra: [String: String] = [:]) throws -> Program {
        var settings = ["SEALPOST_PROFILE": path, "SEALPOST_SERVER": server, "SEALPOST_PASSWORD": Self.password]
        settings.merge(environment) { $1 }
        settings.merge(extra) { $1 }
        return try Program(
            Binary.path, arguments, environment: settings, folder: folder.path, input: .bytes(Array(input.utf8)))
    }

    /// Runs a command to its end.
    func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> Run {
        let program = try start(arguments, input: input, environment: environment)
        let end = await program.end()
        return Run(end: end, output: program.output.text, errors: program.errors.text)
    }

    /// Runs a command with `--json` that has to succeed.
    @discardableResult
    func json(_ arguments: String..., input: String = "", environment: [String: String] = [:]) async throws -> [JSON] {
        let program = try start(arguments + ["--json"], input: input, environment: environment)
        let end = await program.end()
        guard end == .exited(0) else {
            throw Failure("\(name): sealpost \(arguments.joined(separator: " ")): \(end): \(program.errors.text)")
        }
        return try JSON.lines(program.output.text)
    }

    /// Texts of the messages that a fetch brings.
    func fetched() async throws -> [String] {
        try await json("fetch").filter { $0["kind"] == "text" }.compactMap { $0["text"].string }
    }

    /// Everything that the profile has kept, oldest first.
    func kept() async throws -> [JSON] { try await json("fetch", "--kept") }
}
