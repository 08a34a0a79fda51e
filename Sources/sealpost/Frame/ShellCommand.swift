import Foundation

/// A command line that `/bin/sh` runs with something on its standard input.
struct ShellCommand: Sendable {
    let line: String

    enum End: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)

        var isSuccess: Bool { self == .exited(0) }
        var words: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .signalled(let signal): "signal \(signal)"
            }
        }
    }

    /// Runs it to its end. Blocks; a command that does not read all of its input is fine.
    ///
    /// - Parameter variables: added to the tool's own environment, from which its secrets are left out.
    func run(input: [UInt8], variables: [String: String]) throws -> End {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Self.failure("make a pipe") }
        let (reader, writer) = (ends[0], ends[1])
        // Else the child would hold the writing end and never see the end of its input.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let child: pid_t
        do {
            defer { close(reader) }
            child = try spawn(input: reader, variables: variables)
        } catch {
            close(writer)
            throw error
        }
        write(input, to: writer)
        close(writer)
        return try Self.wait(for: child)
    }

    /// Starts the shell with SIGPIPE as a fresh process has it: the tool itself ignores it, and that is inherited.
    private func spawn(input: Int32, variables: [String: String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGPIPE, SIGINT, SIGTERM] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

        let environment = ProcessInfo.processInfo.environment
            .filter { !["SEALPOST_PASSWORD", "SEALPOST_PASSPHRASE"].contains($0.key) }.merging(variables) { $1 }
        let words = Self.pointers(["/bin/sh", "-c", line])
        let settings = Self.pointers(environment.map { "\($0.key)=\($0.value)" })
        defer {
            for pointer in words + settings { free(pointer) }
        }
        var child: pid_t = 0
        let error = posix_spawn(&child, "/bin/sh", &actions, &attributes, words, settings)
        guard error == 0 else { throw Self.failure("start /bin/sh", error) }
        return child
    }

    /// C strings for `posix_spawn`, closed by nil; the caller frees each.
    private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }

    private func write(_ input: [UInt8], to descriptor: Int32) {
        var rest = input[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }

    private static func wait(for child: pid_t) throws -> End {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw failure("wait for the command") }
        }
        // `sys/wait.h`: the low seven bits are the signal, the next byte is the exit status.
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }

    private static func failure(_ what: String, _ error: Int32 = errno) -> ToolError {
        ToolError(.inputOutput, "cannot \(what): \(String(cString: strerror(error)))")
    }
}
