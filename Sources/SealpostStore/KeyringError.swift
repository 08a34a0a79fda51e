/// Why the keyring cannot be used. Says nothing about keys.
package enum KeyringError: Error, Sendable, Hashable {
    /// Not the JSON of a keyring.
    case malformed(String)
    /// Others than its owner may read or write the file.
    case exposed(path: String, mode: UInt32)
    case unreadable(path: String, cause: String)
    case unwritable(path: String, cause: String)
    /// Something is sealed under a key that is not in the ring.
    case missingKey(UInt32)
    /// Sealed elsewhere, under another key, or changed since.
    case unsealable
}

extension KeyringError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let cause):
            "the keyring is not valid: \(cause)"
        case .exposed(let path, let mode):
            "the keyring \(path) can be used by others (mode \(String(mode, radix: 8))): chmod 600 it"
        case .unreadable(let path, let cause):
            "the keyring \(path) cannot be read: \(cause)"
        case .unwritable(let path, let cause):
            "the keyring \(path) cannot be written: \(cause)"
        case .missingKey(let id):
            "the keyring has no key \(id), and the store has something that is sealed under it: put that key back"
        case .unsealable:
            "a sealed value does not open: it was changed, or is under another keyring"
        }
    }
}
