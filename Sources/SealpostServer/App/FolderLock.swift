import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The right to serve a data folder, held by one open file at a time; the system takes it back when the process ends.
///
/// Wakes, rate limits and what is believed of bearers live in the process: two on one folder would miss each other's.
final class FolderLock: Sendable {
    private let descriptor: Mutex<CInt?>

    /// Takes the lock without waiting; throws `folderInUse` if somebody else has it, in this process or another.
    init(of folder: String) throws(ConfigurationError) {
        let descriptor = open(folder + "/sealpost.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusableFolder(path: folder, cause: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = errno
            close(descriptor)
            guard error == EWOULDBLOCK else {
                throw .unusableFolder(path: folder, cause: String(cString: strerror(error)))
            }
            throw .folderInUse(path: folder)
        }
        self.descriptor = Mutex(descriptor)
    }

    /// Gives the lock back before the last reference goes.
    func release() {
        if let descriptor = descriptor.withLock({ $0.take() }) { close(descriptor) }
    }

    deinit { release() }
}
