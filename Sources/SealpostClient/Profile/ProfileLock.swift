#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The right to write a profile, held by one open file at a time; the system takes it back when the process ends.
final class ProfileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock without waiting; throws `inUse` if someone else has it, in this process or another.
    init(_ location: ProfileLocation) throws(ProfileError) {
        let descriptor = open(location.lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .storage(systemErrorText(location.lockPath)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let text = systemErrorText(location.lockPath)
            close(descriptor)
            throw isHeld ? .inUse(directory: location.directory) : .storage(text)
        }
        self.descriptor = descriptor
    }

    /// Gives the lock back before the last reference goes.
    func release() { _ = flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}

/// The file and what the last system call said about it.
func systemErrorText(_ path: String) -> String { "\(path): \(String(cString: strerror(errno)))" }
