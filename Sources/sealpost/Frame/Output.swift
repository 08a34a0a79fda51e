import Foundation

/// Where the tool writes: data on standard output, talk on standard error.
struct Output: Sendable {
    /// One JSON object per line in the place of text for people.
    let json: Bool
    /// Whether standard output is a terminal: only there text is laid out over lines and coloured.
    let isTerminal: Bool
    private let colours: Bool

    init(json: Bool) {
        self.json = json
        isTerminal = isatty(STDOUT_FILENO) == 1
        let environment = ProcessInfo.processInfo.environment
        colours = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    /// A line of data: `value` as JSON, or `text` for people.
    ///
    /// Throws `OutputClosed` when nobody reads any more, `ToolError` for any other failure.
    func record(_ value: some Encodable, text: @autoclosure () -> String) throws {
        try write((json ? Self.line(value) : text()) + "\n", to: STDOUT_FILENO)
    }

    /// A line or lines of data that have one form only.
    func write(_ text: String) throws {
        try write(text + "\n", to: STDOUT_FILENO)
    }

    /// A word to whoever sits there. Not part of the data; it is left out of nothing, and `--json` does not change it.
    func talk(_ text: String) {
        // Standard error is the last place to say anything: there is nobody to tell if it fails.
        try? write(text + "\n", to: STDERR_FILENO)
    }

    /// What somebody should know and what does not end the command.
    func warn(_ text: String) {
        struct Record: Encodable { var warning: String }
        guard json else { return talk("\(warning("warning:")) \(TerminalText.safe(text))") }
        talk((try? Self.line(Record(warning: text))) ?? text)
    }

    /// What ended the command: `sealpost: …`, or with `--json` an object with `error`.
    func failure(_ error: ToolError) {
        guard json else { return talk("sealpost: \(TerminalText.safe(error.message))") }
        struct Failure: Encodable {
            struct Detail: Encodable {
                var exit: Int32
                var code: String?
                var message: String
            }
            var error: Detail
        }
        let detail = Failure.Detail(exit: error.exit.rawValue, code: error.code, message: error.message)
        talk((try? Self.line(Failure(error: detail))) ?? error.message)
    }

    /// `text` in bold where colour is wanted.
    func strong(_ text: String) -> String { style(text, "1") }

    /// `text` dimmed where colour is wanted.
    func faint(_ text: String) -> String { style(text, "2") }

    /// `text` as a warning where colour is wanted.
    func warning(_ text: String) -> String { style(text, "33") }

    /// `text` in white on black, whatever the terminal's own colours are.
    func picture(_ text: String) -> String { style(text, "97;40") }

    /// Text from elsewhere as it may be shown: laid out on a terminal, one line with escapes in a pipe.
    func foreign(_ text: String) -> String {
        isTerminal ? TerminalText.safe(text) : TerminalText.oneLine(text)
    }

    private func style(_ text: String, _ code: String) -> String {
        colours ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    private static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private func write(_ text: String, to descriptor: Int32) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EPIPE {
                throw OutputClosed()
            } else if errno != EINTR, errno != EAGAIN {
                throw ToolError(.inputOutput, "cannot write: \(String(cString: strerror(errno)))")
            }
        }
    }
}
