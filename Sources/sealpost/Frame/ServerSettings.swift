import Foundation
import SealpostServer
import SealpostStore

/// The service's settings as the command line gives them: `--listen-port 9000` or `--listen-port=9000`.
enum ServerSettings {
    /// The settings with what they are for, for `--help`.
    static var help: String {
        Setting.all.map { "  \($0.flag)\n      \($0.help); \($0.expectation)" }.joined(separator: "\n")
    }

    static func load(_ words: [String], file: String?) throws -> ServerConfiguration {
        do {
            return try ServerConfiguration.load(
                flags: try flags(words), environment: ProcessInfo.processInfo.environment, file: file)
        } catch let error as ConfigurationError {
            throw ToolError(.badState, error.description)
        }
    }

    private static func flags(_ words: [String]) throws -> [String: String] {
        var flags: [String: String] = [:]
        var rest = words[...]
        while let word = rest.popFirst() {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let setting = Setting.all.first(where: { $0.flag == parts[0] }) else {
                throw ToolError(.usage, "'\(word)' is not a setting: see sealpost serve --help")
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                throw ToolError(.usage, "\(word): give a value")
            }
            flags[setting.key] = value
        }
        return flags
    }

    /// What keeps a service from running, in words and as an exit code.
    static func translatingErrors(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ConfigurationError {
            throw ToolError(exit(for: error), error.description)
        } catch let error as ToolError {
            throw error
        } catch let error as StoreError {
            var exit = ToolExit.badState
            if case .unavailable = error { exit = .unavailable }
            throw ToolError(exit, "the store cannot be used: \(error)")
        } catch let error as KeyringError {
            throw ToolError(.badState, error.description)
        } catch {
            throw ToolError(.unavailable, "the service cannot run: \(error)")
        }
    }

    private static func exit(for error: ConfigurationError) -> ToolExit {
        switch error {
        case .folderInUse: .tryAgain
        case .unreachableDatabase: .unavailable
        case .badValue, .unknownKey, .unreadableFile, .unusableFolder, .missingKeyring, .foreignDatabase,
            .poolerWithoutSessions:
            .badState
        }
    }
}
