import Foundation

/// The folder of a profile: the encrypted state `profile.sqlite`, the lock `profile.lock` and, unless a passphrase
/// protects it, the key `profile.key`.
public struct ProfileLocation: Hashable, Sendable {
    public let directory: String

    public init(directory: String) {
        self.directory = directory
    }

    /// Whether there is a profile, usable or not.
    public var exists: Bool { FileManager.default.fileExists(atPath: databasePath) }

    var databasePath: String { directory + "/profile.sqlite" }
    var lockPath: String { directory + "/profile.lock" }
    var keyPath: String { directory + "/profile.key" }
}
