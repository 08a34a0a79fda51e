import SodiumKit

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The file that holds the 32-byte key under which a profile's data key is wrapped, readable by its owner only.
enum KeyFile {
    static let length = 32

    /// Writes a new random key and makes it durable. A file that is there already belonged to a profile that was never
    /// finished, and is replaced.
    static func create(at path: String) throws(ProfileError) -> SecretBytes {
        let key = SecretBytes(random: length)
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .storage(systemErrorText(path)) }
        defer { close(descriptor) }
        let written = key.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard written == length, fsync(descriptor) == 0 else { throw .storage(systemErrorText(path)) }
        return key
    }

    static func read(at path: String) throws(ProfileError) -> SecretBytes {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .wrongKeyFile(path: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .storage(systemErrorText(path)) }
        guard status.st_mode & 0o077 == 0 else { throw .exposedKeyFile(path: path) }
        guard status.st_size == length else { throw .wrongKeyFile(path: path) }
        return try SecretBytes(count: length) { (buffer) throws(ProfileError) in
            guard readBytes(descriptor, buffer.baseAddress, buffer.count) == length else {
                throw .storage(systemErrorText(path))
            }
        }
    }
}

/// The system's `read`, which inside `KeyFile` would be taken for `KeyFile.read`.
private func readBytes(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

/// Makes a new name in a folder durable.
func syncDirectory(_ path: String) throws(ProfileError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .storage(systemErrorText(path)) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .storage(systemErrorText(path)) }
}
