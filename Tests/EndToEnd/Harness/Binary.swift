import Foundation

/// The built tool: beside the test binary, or where `SEALPOST_BINARY` says.
enum Binary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["SEALPOST_BINARY"] { return path }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("sealpost").path
    }()

    /// The root of the source tree that these tests were built from.
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
}
