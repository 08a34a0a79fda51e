import Foundation

/// A program that runs beside the test. It is killed when its time is up, so that no wait for it lasts for ever.
///
/// Not Foundation's `Process`: that one takes a program for running as long as anything that it started runs.
final class Program: Sendable {
    enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    let output: Collected
    let errors: Collected
    private let identifier: pid_t
    private let ended = Promise<End>()

    /// Starts it.
    ///
    /// - Parameters:
    ///   - environment: all of it; nothing is inherited but `PATH`, `HOME` and `TMPDIR`.
    ///   - input: what its standard input has; empty by default.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: [UInt8] = [], limit: Duration = .seconds(120)
    ) throws {
        Self.ignoreBrokenPipes
        let (output, errors, feed) = (try Collected(), try Collected(), try PipeEnds())
        defer {
            output.begin()
            errors.begin()
            close(feed.reader)
        }
        let own = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME", "TMPDIR"].contains($0.key) }
        let child = Spawn(
            executable: executable, arguments: arguments, environment: own.merging(environment) { $1 }, folder: folder,
            descriptors: [feed.reader, output.writer, errors.writer])
        identifier = try child.start()
        (self.output, self.errors) = (output, errors)
        let (identifier, ended) = (identifier, ended)
        Thread.detachNewThread {
            ended.keep(Self.wait(for: identifier))
        }
        Thread.detachNewThread {
            // A program may end without having read it all.
            feed.write(input)
            close(feed.writer)
        }
        Task {
            // A guard against hanging tests, not a wait: nothing depends on when it comes.
            try? await Task.sleep(for: limit)
            if !ended.isKept { kill(identifier, SIGKILL) }
            // Something that it started may still hold its pipes.
            output.giveUp()
            errors.giveUp()
        }
    }

    deinit {
        if !ended.isKept { kill(identifier, SIGKILL) }
    }

    func signal(_ number: Int32) {
        if !ended.isKept { kill(identifier, number) }
    }

    var isRunning: Bool { !ended.isKept }

    /// Waits until it ended and everything that it wrote is read.
    func end() async -> End {
        let end = await ended.value
        await output.end()
        await errors.end()
        return end
    }

    /// A program that does not read its input must not end the tests.
    private static let ignoreBrokenPipes: Void = { _ = Foundation.signal(SIGPIPE, SIG_IGN) }()

    private static func wait(for child: pid_t) -> End {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
    }
}

/// A pipe whose ends no other program inherits.
struct PipeEnds: Sendable {
    let reader: Int32
    let writer: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failure("no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reader, writer) = (ends[0], ends[1])
    }

    /// Blocks until all is written or nobody reads.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(writer, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return
            }
        }
    }
}

/// What `posix_spawn` needs.
private struct Spawn {
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
        let error = posix_spawn(&child, line[0], &actions, &attributes, words, settings)
        guard error == 0 else { throw Failure("cannot start \(executable): \(String(cString: strerror(error)))") }
        return child
    }

    private static func pointers(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        texts.map { strdup($0) } + [nil]
    }
}
