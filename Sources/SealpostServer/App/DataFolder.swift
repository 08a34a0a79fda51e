#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The folder that only the server's user can open: of database and keyring, or with a database server of the keyring
/// alone.
package struct DataFolder: Sendable {
    package let path: String
    /// Whether it was made by this start.
    package let isNew: Bool

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
    }
}
