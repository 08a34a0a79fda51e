import Foundation

/// Options from the environment: `--password-stdin` may come as `SEALPOST_PASSWORD_STDIN=1`, `--at` as `SEALPOST_AT`.
///
/// What the parser knows of each command is the only list of options; the command line wins over the environment.
struct EnvironmentOptions {
    static let prefix = "SEALPOST_"

    private let root: CommandInfo

    /// Reads the description that the parser prints for `--experimental-dump-help`.
    init(description: String) throws {
        root = try JSONDecoder().decode(ToolInfo.self, from: Data(description.utf8)).command
    }

    /// `arguments` with those options added that only `environment` gives.
    func adding(to arguments: [String], from environment: [String: String]) throws -> [String] {
        guard environment.keys.contains(where: { $0.hasPrefix(Self.prefix) }) else { return arguments }
        let (command, length) = path(in: arguments)
        let given = Set(
            arguments.prefix { $0 != "--" }
                .map { String($0.prefix { $0 != "=" }) })
        var added: [String] = []
        for argument in command.arguments ?? [] {
            guard let name = argument.longName, name != "help", name != "version" else { continue }
            let variable = Self.prefix + name.uppercased().replacing("-", with: "_")
            guard let value = environment[variable], !value.isEmpty,
                argument.spellings.allSatisfy({ !given.contains($0) })
            else { continue }
            if argument.kind == "option" {
                added.append("--\(name)=\(value)")
            } else if argument.kind == "flag", try Self.isOn(value, variable: variable) {
                added.append("--\(name)")
            }
        }
        return Array(arguments[..<length] + added + arguments[length...])
    }

    /// The command that `arguments` name, and how many arguments that takes: `device list` is two.
    private func path(in arguments: [String]) -> (CommandInfo, Int) {
        var command = root
        var length = 0
        var index = 0
        while index < arguments.count, arguments[index] != "--" {
            let word = arguments[index]
            if let next = command.subcommands?.first(where: { $0.commandName == word }) {
                command = next
                length = index + 1
            } else if !word.hasPrefix("-") {
                break
            } else if command.takesValue(word) {
                index += 1
            }
            index += 1
        }
        return (command, length)
    }

    private static func isOn(_ value: String, variable: String) throws -> Bool {
        switch value.lowercased() {
        case "1", "true", "yes", "on": return true
        case "0", "false", "no", "off": return false
        default: throw ToolError(.usage, "\(variable): '\(value)' is not 1, true, yes, on, 0, false, no or off")
        }
    }
}

private struct ToolInfo: Decodable {
    var command: CommandInfo
}

private struct CommandInfo: Decodable {
    var commandName: String
    var subcommands: [CommandInfo]?
    var arguments: [ArgumentInfo]?

    func takesValue(_ word: String) -> Bool {
        arguments?.contains { $0.kind == "option" && $0.spellings.contains(word) } ?? false
    }
}

private struct ArgumentInfo: Decodable {
    struct Name: Decodable {
        var kind: String
        var name: String
    }

    var kind: String
    var names: [Name]?

    var longName: String? { names?.first { $0.kind == "long" }?.name }
    var spellings: [String] { names?.map { $0.kind == "long" ? "--\($0.name)" : "-\($0.name)" } ?? [] }
}
