import FoundationEssentials
import SodiumKit

/// A folder of its own that goes when this value does.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        let name = Random.bytes(8).map { String($0, radix: 16) }.joined()
        path = FileManager.default.temporaryDirectory.path + "/sealpost-\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    package func path(of name: String) -> String { "\(path)/\(name)" }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
