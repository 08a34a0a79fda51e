import SealpostCore
import SealpostStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The keyring that the configuration gives or names.
struct ConfiguredKeyring {
    let keyring: Keyring
    /// The file that this start made of a new one; nil if there was one.
    private(set) var made: String?

    /// Reads the keyring, or makes a new one.
    ///
    /// - Parameter absent: called before a new one is made, with the path; throws if there must have been one.
    init(
        _ configuration: ServerConfiguration, now: Timestamp,
        absent: (String) throws(ConfigurationError) -> Void = { _ in }
    ) throws {
        guard configuration.keyringText.isEmpty else {
            keyring = try Keyring(text: configuration.keyringText)
            return
        }
        let path: String
        if configuration.keyringFile.isEmpty {
            path = try DataFolder(opening: configuration.dataFolder).keyring
        } else {
            path = configuration.keyringFile
        }
        if let keyring = try Keyring.load(from: path) {
            self.keyring = keyring
            return
        }
        try absent(path)
        keyring = try Keyring.load(creatingAt: path, now: now)
        made = path
    }

    /// Removes a new one, for what it was made for has another; where it was.
    func takeBack() -> String {
        guard let made else { return "" }
        unlink(made)
        return made
    }
}
