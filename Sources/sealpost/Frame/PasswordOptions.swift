import ArgumentParser
import Foundation

/// Where a password comes from: standard input, the environment, or the keyboard; never the command line, which every
/// user of the machine can read.
struct PasswordOptions: ParsableArguments {
    @Flag(name: .long, help: "Read the password from the first line of standard input (or set SEALPOST_PASSWORD).")
    var passwordStdin = false

    /// The password.
    ///
    /// - Parameter confirm: at the keyboard, asks twice.
    func password(confirm: Bool = false) async throws -> String {
        if passwordStdin {
            guard let line = try await StandardInput.line() else {
                throw ToolError(.badInput, "--password-stdin: standard input is empty")
            }
            return line
        }
        if let password = ProcessInfo.processInfo.environment["SEALPOST_PASSWORD"], !password.isEmpty {
            return password
        }
        return try await blocking {
            let keyboard = try Keyboard()
            let password = try keyboard.secret("Password: ")
            if confirm, try keyboard.secret("Once more: ") != password {
                throw ToolError(.badInput, "the two passwords differ")
            }
            return password
        }
    }
}

/// The terminal that controls the process, whatever standard input and output are.
struct Keyboard: ~Copyable {
    private let descriptor: Int32

    init() throws {
        descriptor = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ToolError(.usage, "there is no terminal to ask at: use --password-stdin or SEALPOST_PASSWORD")
        }
    }

    deinit {
        close(descriptor)
    }

    /// Asks for a line that is not echoed.
    borrowing func secret(_ prompt: String) throws -> String {
        var before = termios()
        guard tcgetattr(descriptor, &before) == 0 else {
            throw ToolError(.inputOutput, "the terminal cannot hide what is typed")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        silent.c_lflag |= tcflag_t(ECHONL)
        guard tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 else {
            throw ToolError(.inputOutput, "the terminal cannot hide what is typed")
        }
        defer { tcsetattr(descriptor, TCSAFLUSH, &before) }
        return try line(prompt)
    }

    /// Asks for a line.
    borrowing func line(_ prompt: String) throws -> String {
        _ = prompt.withCString { write(descriptor, $0, strlen($0)) }
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4096, read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            bytes.append(byte)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ToolError(.badInput, "what was typed is not UTF-8 text")
        }
        return text
    }
}
