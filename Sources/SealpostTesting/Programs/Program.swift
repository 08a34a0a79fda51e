import Foundation

/// A program that runs beside the test. It is killed when its time is up, so that no wait for it lasts for ever.
///
/// Not Foundation's `Process`: that one takes a program for running as long as anything that it started runs, and up to
/// Swift 6.3 it reads beyond a buffer when many files are open (swift-corelibs-foundation #5472).
package final class Program: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    package enum Input: Sendable {
        /// All of it is known; the program sees its end.
        case bytes([UInt8])
        /// What `write` is given. It ends with the `Program`, or with the test process, however that ends.
        case kept
    }

    package let output: Collected
    package let errors: Collected
    package let identifier: pid_t
    /// The writing end of a kept input.
    private let kept: Int32?
    private let ended = Promise<End>()

    /// Starts it.
    ///
    /// - Parameters:
    ///   - environment: all of it; nothing is inherited but `PATH`, `HOME` and `TMPDIR`.
    ///   - input: what its standard input has; empty by default.
    ///   - limit: after which it is killed.
    package init(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:], folder: String? = nil,
        input: Input = .bytes([]), limit: Duration = .seconds(120)
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
        switch input {
        case .bytes(let bytes):
            kept = nil
            Thread.detachNewThread {
                // A program may end without having read it all.
                feed.write(bytes)
                close(feed.writer)
            }
        case .kept:
            kept = feed.writer
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
        if let kept {
            close(kept)
        } else if !ended.isKept {
            kill(identifier, SIGKILL)
        }
    }

    /// Adds to a kept input. Blocks while the pipe is full.
    package func write(_ bytes: [UInt8]) {
        if let kept { PipeEnds.write(bytes, to: kept) }
    }

    package func signal(_ number: Int32) {
        if !ended.isKept { kill(identifier, number) }
    }

    package var isRunning: Bool { !ended.isKept }

    /// Waits until it ended and everything that it wrote is read.
    package func end() async -> End {
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
