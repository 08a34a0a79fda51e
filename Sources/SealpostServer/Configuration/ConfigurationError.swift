/// Why a server does not start with this configuration.
package enum ConfigurationError: Error, Sendable, Hashable {
    /// The value is as given, or masked.
    case badValue(key: String, value: String, allowed: String)
    case unknownKey(String, source: String, known: [String])
    case unreadableFile(path: String, cause: String)
    case unusableFolder(path: String, cause: String)
    /// Another process serves or migrates it.
    case folderInUse(path: String)
    /// The database beside it has what was sealed under a keyring that is not there.
    case missingKeyring(path: String, database: String)
    case unreachableDatabase(DatabaseURL, cause: String)
    /// It, or where to listen, leads through a pooler that gives connections to others between transactions.
    case poolerWithoutSessions(DatabaseURL)
    /// There was no keyring here, and the database is in use under another than the new one; the new one is gone again.
    case foreignDatabase(DatabaseURL, keyring: String)
}

extension ConfigurationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badValue(let key, let value, let allowed): "\(key) is \"\(value)\" but must be \(allowed)"
        case .unknownKey(let key, let source, let known):
            "\(key) in \(source) is not a setting; there are: \(known.joined(separator: ", "))"
        case .unreadableFile(let path, let cause): "the configuration file \(path) cannot be read: \(cause)"
        case .unusableFolder(let path, let cause): "the data folder \(path) cannot be used: \(cause)"
        case .folderInUse(let path): "the data folder \(path) is in use by another process: stop that one first"
        case .missingKeyring(let path, let database):
            "the keyring \(path) is missing, and \(database) is of no use without it:"
                + " restore it from where it was backed up"
        case .unreachableDatabase(let database, let cause): "the database \(database) cannot be used now: \(cause)"
        case .poolerWithoutSessions(let database):
            "the database \(database) is behind a pooler that does not keep sessions, and nodes need them:"
                + " set it to pool sessions (pool_mode = session in PgBouncer), or name the database itself"
        case .foreignDatabase(let database, let path):
            "there is no keyring \(path), and \(database) is in use with one:"
                + " copy the keyring of another node, or restore it from where it was backed up"
        }
    }
}
