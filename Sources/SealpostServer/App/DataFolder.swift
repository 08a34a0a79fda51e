import SealpostCore
import SealpostStore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where a server without a database server keeps everything: a folder that only its user can open, and that one
/// process uses at a time.
package struct DataFolder: Sendable {
    package let path: String
    /// Whether it was made by this start.
    package let isNew: Bool

    /// Until the store is closed nobody else has the folder.
    let lock: FolderLock

    package var database: String { path + "/sealpost.sqlite" }
    package var keyring: String { path + "/keyring.json" }

    /// Opens the folder, or makes it with mode 0700 (its parent must be there).
    package init(opening path: String) throws(ConfigurationError) {
        self.path = path
        isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else {
            throw .unusableFolder(path: path, cause: String(cString: strerror(errno)))
        }
        guard access(path, R_OK | W_OK | X_OK) == 0 else {
            throw .unusableFolder(path: path, cause: String(cString: strerror(errno)))
        }
        lock = try FolderLock(of: path)
    }

    /// Reads the keyring; makes one only where there is no database yet, for what lies sealed in one opens under its
    /// own keyring and no other.
    func loadKeyring(now: Timestamp) throws -> Keyring {
        if let keyring = try Keyring.load(from: keyring) { return keyring }
        var status = stat()
        guard stat(database, &status) != 0 || status.st_size == 0 else {
            throw ConfigurationError.missingKeyring(path: keyring, database: database)
        }
        return try Keyring.load(creatingAt: keyring, now: now)
    }
}
