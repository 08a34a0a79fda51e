import Foundation

/// How this tool is called where it was started.
enum ToolPath {
    /// `sealpost` if that finds this very file, else its whole path, quoted for a shell.
    static var command: String {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
            return "sealpost"
        }
        let found = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").lazy
            .map { "\($0)/sealpost" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        if let found, URL(fileURLWithPath: found).resolvingSymlinksInPath().path == own { return "sealpost" }
        let isPlain = own.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) }
        return isPlain ? own : "'\(own.replacing("'", with: #"'\''"#))'"
    }
}
