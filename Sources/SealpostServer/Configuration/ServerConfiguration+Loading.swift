import Configuration
import FoundationEssentials
import SealpostCore

extension ServerConfiguration {
    /// Reads the configuration: flags before the environment before the file before the defaults.
    ///
    /// - Parameters:
    ///   - flags: texts by key (`listen.port`), from the command line.
    ///   - environment: of the process; only `SEALPOST_…` is looked at.
    ///   - file: a JSON file, `{"listen":{"port":8080}}`.
    package static func load(
        flags: [String: String] = [:], environment: [String: String] = [:], file: String? = nil
    ) throws(ConfigurationError) -> ServerConfiguration {
        let filed = try file.map { path throws(ConfigurationError) in try ConfigurationFile.read(path) } ?? [:]
        try checkKeys(flags.keys.sorted(), source: "the command line")
        try checkKeys(filed.keys.sorted(), source: file ?? "the file")
        try checkVariables(environment)
        let reader = ConfigReader(providers: [
            provider(flags, "flags"),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sealpost"),
            provider(filed, "file"),
        ])
        var configuration = ServerConfiguration()
        for setting in Setting.all {
            guard let text = reader.string(forKey: ConfigKey(setting.key), isSecret: setting.isSecret) else { continue }
            guard setting.take(&configuration, text) else {
                throw .badValue(key: setting.key, value: setting.masked(text), allowed: setting.expectation)
            }
        }
        guard configuration.registration != .invite || !configuration.invites.isEmpty else {
            throw .badValue(
                key: "registration.invites", value: "", allowed: "at least one text while registration.mode is invite")
        }
        guard configuration.keyringText.isEmpty || configuration.keyringFile.isEmpty else {
            throw .badValue(
                key: "keyring.file", value: configuration.keyringFile, allowed: "empty while keyring is given")
        }
        return configuration
    }

    /// What is in force, one key a line with what it is for; secrets are masked.
    package var listing: String {
        let lines = Setting.all.map { setting in
            let shown = setting.masked(setting.show(self))
            return "# \(setting.help) (\(setting.expectation); \(setting.variable))\n\(setting.key) = \(shown)"
        }
        return lines.joined(separator: "\n")
    }

    private static func provider(_ values: [String: String], _ name: String) -> InMemoryProvider {
        let pairs = values.map {
            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: false))
        }
        return InMemoryProvider(name: name, values: Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
    }

    private static func checkKeys(_ keys: [String], source: String) throws(ConfigurationError) {
        let known = Setting.all.map(\.key)
        if let unknown = keys.first(where: { !known.contains($0) }) {
            throw .unknownKey(unknown, source: source, known: known)
        }
    }

    /// The client's own variables begin with `SEALPOST_`, too: what is refused is what begins like a setting of the
    /// server and is none, as after a typing error.
    private static func checkVariables(_ environment: [String: String]) throws(ConfigurationError) {
        let known = Setting.all.map(\.variable)
        let sections = Set(
            Setting.all.map { setting in
                Setting.variablePrefix + setting.key.prefix { $0 != "." }.uppercased() + "_"
            })
        let unknown = environment.keys.sorted().first { name in
            sections.contains { name.hasPrefix($0) } && !known.contains(name)
        }
        if let unknown {
            throw .unknownKey(unknown, source: "the environment", known: known)
        }
    }
}

/// A JSON file of nested objects, flattened to keys with dots.
enum ConfigurationFile {
    static func read(_ path: String) throws(ConfigurationError) -> [String: String] {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            var values: [String: String] = [:]
            try JSONDecoder().decode(Node.self, from: data).flatten(into: &values, key: "")
            return values
        } catch let error as ConfigurationError {
            throw error
        } catch is DecodingError {
            throw .unreadableFile(
                path: path, cause: "it is not JSON made of objects, texts, numbers, true, false and lists of texts")
        } catch {
            throw .unreadableFile(path: path, cause: "\(error)")
        }
    }

    private enum Node: Decodable {
        case text(String)
        case object([String: Node])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Int.self) {
                self = .text(String(number))
            } else if let flag = try? container.decode(Bool.self) {
                self = .text(String(flag))
            } else if let list = try? container.decode([String].self) {
                self = .text(list.joined(separator: ","))
            } else {
                self = .object(try container.decode([String: Node].self))
            }
        }

        func flatten(into values: inout [String: String], key: String) throws(ConfigurationError) {
            switch self {
            case .text(let text):
                values[key] = text
            case .object(let members):
                for (name, node) in members {
                    try node.flatten(into: &values, key: key.isEmpty ? name : "\(key).\(name)")
                }
            }
        }
    }
}
