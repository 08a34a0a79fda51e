import Foundation

/// What comes through standard input.
enum StandardInput {
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Everything up to the end, as text, without one final line break (`echo hello | sealpost send bob`).
    ///
    /// - Parameter limit: more bytes than this are refused before they are all read.
    static func text(limit: Int) async throws -> String {
        let bytes = try await blocking { try read(limit: limit + 2) }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw ToolError(.badInput, "standard input is not UTF-8 text")
        }
        if text.unicodeScalars.last == "\n" { text.unicodeScalars.removeLast() }
        guard text.utf8.count <= limit else {
            throw ToolError(.badInput, "standard input is longer than \(limit) bytes")
        }
        return text
    }

    /// The first line, without its line break; nil if there is nothing at all.
    static func line() async throws -> String? {
        let bytes = try await blocking { try read(limit: 4096, stopAtLineBreak: true) }
        guard !bytes.isEmpty else { return nil }
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw ToolError(.badInput, "standard input is not UTF-8 text")
        }
        return text
    }

    /// Byte for byte up to a line break, so that the rest stays for whoever reads on; else in large pieces.
    private static func read(limit: Int, stopAtLineBreak: Bool = false) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: stopAtLineBreak ? 1 : 65_536)
        while bytes.count < limit {
            let count = Foundation.read(STDIN_FILENO, &piece, min(piece.count, limit - bytes.count))
            if count > 0 {
                bytes += piece[..<count]
                if stopAtLineBreak, bytes.last == UInt8(ascii: "\n") { break }
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw ToolError(.inputOutput, "cannot read standard input: \(String(cString: strerror(errno)))")
            }
        }
        return bytes
    }
}
