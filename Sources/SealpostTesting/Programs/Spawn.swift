import Foundation
import Synchronization

/// What `posix_spawn` needs.
struct Spawn {
    /// Held while a program starts, and while descriptors are there that it must not inherit.
    static let lock = Mutex(())

    let executable: String
    let arguments: [String]
    let environment: [String: String]
    let folder: String?
    /// Standard input, output and error of the program.
    let descriptors: [Int32]

    func start() throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // As from a shell: nothing ignored, nothing blocked.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // The shell changes the folder: what posix_spawn has for it is hidden from Swift.
        let line =
            folder.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0, executable] + arguments }
            ?? [executable] + arguments
        let words = Self.pointers(line)
        let settings = Self.pointers(environment.map { "\($0.key)=\($0.value)" })
        defer {
            for pointer in words + settings { free(pointer) }
        }
        var child: pid_t = 0
        let error = Self.lock.withLock { _ in posix_spawn(&child, line[0], &actions, &attributes, words, settings) }
        guard error == 0 else { throw Failure("cannot start \(executable): \(String(cString: strerror(error)))") }
        return child
    }

    private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }
}
