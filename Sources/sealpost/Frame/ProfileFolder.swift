import Foundation

/// Where profiles lie: `$XDG_DATA_HOME/sealpost/NAME`, by default `~/.local/share/sealpost/NAME`.
enum ProfileFolder {
    /// The folder of a profile; a text with a slash is a path already.
    static func path(_ profile: String) throws -> String {
        if profile.contains("/") { return profile }
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/sealpost/\(profile)" }
        guard let home = environment["HOME"], home.hasPrefix("/") else {
            throw ToolError(.badState, "HOME is not set: give --profile a path with a slash")
        }
        return "\(home)/.local/share/sealpost/\(profile)"
    }
}
