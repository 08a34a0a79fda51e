import FoundationEssentials
import SealpostCore
import SodiumKit

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The keyring as text: `{"version":1,"current":1,"keys":[{"id":1,"created":"…","secret":"base64"}]}`.
private struct KeyringDocument: Codable {
    struct Key: Codable {
        var id: UInt32
        var created: Timestamp
        var secret: Base64
    }

    var version: Int
    var current: UInt32
    var keys: [Key]
}

extension Keyring {
    /// Reads a keyring from its JSON, as in a file or an environment variable.
    package init(text: String) throws(KeyringError) {
        let document: KeyringDocument
        do {
            document = try JSONDecoder().decode(KeyringDocument.self, from: Data(text.utf8))
        } catch {
            // The decoder's words could quote a secret.
            throw .malformed("not the JSON of a keyring")
        }
        guard document.version == 1 else { throw .malformed("version \(document.version) is not known") }
        var keys: [KeyringKey] = []
        for key in document.keys {
            keys.append(
                try KeyringKey(id: key.id, created: key.created, secret: SecretBytes(copying: key.secret.bytes)))
        }
        try self.init(keys: keys, current: document.current)
    }

    /// The JSON with every secret: for the file and nothing else.
    package func exposedText() throws(KeyringError) -> String {
        let document = KeyringDocument(
            version: 1, current: current.id,
            keys: keys.map { .init(id: $0.id, created: $0.created, secret: Base64($0.master.exposedBytes())) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
        } catch {
            throw .malformed("cannot be encoded")
        }
    }

    /// Reads the file; makes one with a new key if there is none. Of several processes that do so at once one makes
    /// it and all read the same.
    package static func load(creatingAt path: String, now: Timestamp) throws(KeyringError) -> Keyring {
        if let keyring = try load(from: path) { return keyring }
        try Keyring(generatedAt: now).save(to: path, replacing: false)
        guard let keyring = try load(from: path) else {
            throw .unreadable(path: path, cause: "it went away")
        }
        return keyring
    }

    /// Reads the file; nil if there is none.
    package static func load(from path: String) throws(KeyringError) -> Keyring? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .unreadable(path: path, cause: systemError())
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .unreadable(path: path, cause: systemError()) }
        let mode = UInt32(status.st_mode) & 0o777
        guard mode & 0o077 == 0 else { throw .exposed(path: path, mode: mode) }
        var bytes: [UInt8] = []
        while true {
            let chunk = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                count = max(0, read(file, buffer.baseAddress, buffer.count))
            }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return try Keyring(text: String(decoding: bytes, as: UTF8.self))
    }

    /// Writes the file (mode 0600) whole or not at all. Without `replacing` a file that is there stays as it is.
    package func save(to path: String, replacing: Bool) throws(KeyringError) {
        let text = try exposedText()
        let suffix = Random.bytes(8).map { String($0, radix: 16) }.joined()
        let draft = "\(path).\(suffix).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(path: path, cause: Self.systemError()) }
        defer { unlink(draft) }
        let isWritten = Self.writeAll(Array(text.utf8), to: file) && fsync(file) == 0
        let cause = Self.systemError()
        close(file)
        guard isWritten else { throw .unwritable(path: path, cause: cause) }
        if replacing {
            guard rename(draft, path) == 0 else { throw .unwritable(path: path, cause: Self.systemError()) }
        } else {
            guard link(draft, path) == 0 || errno == EEXIST else {
                throw .unwritable(path: path, cause: Self.systemError())
            }
        }
        Self.syncFolder(of: path)
    }

    private static func writeAll(_ bytes: [UInt8], to file: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The folder's entry must be on disk, too: a keyring that is lost with the power loses what is sealed under it.
    private static func syncFolder(of path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts.count == 1 && path.hasPrefix("/") ? "/" : parts.joined(separator: "/")
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}
