import Foundation

/// The fenced `sh` blocks of a Markdown file, with the outcomes that they promise.
///
/// In a block, a line `#> text` is an outcome: after the ones before it, the block's output has a line that matches it,
/// where `…` stands for anything. A block without an end of its own has a comment before it:
/// `<!-- runs until: text -->`; it is stopped once its output has `text`.
struct ShellTour {
    struct Block: Sendable {
        let line: Int
        let commands: String
        let outcomes: [String]
        /// Nil: it ends by itself.
        let until: String?
    }

    let blocks: [Block]

    init(markdown: String) {
        var blocks: [Block] = []
        var current: (line: Int, commands: [String], outcomes: [String])?
        var until: String?
        for (index, line) in markdown.components(separatedBy: "\n").enumerated() {
            if let block = current {
                if line == "```" {
                    blocks.append(
                        Block(
                            line: block.line, commands: block.commands.joined(separator: "\n"),
                            outcomes: block.outcomes, until: until))
                    (current, until) = (nil, nil)
                } else if line.hasPrefix("#> ") {
                    current?.outcomes.append(String(line.dropFirst(3)))
                } else {
                    current?.commands.append(line)
                }
            } else if line == "```sh" {
                current = (index + 1, [], [])
            } else if let comment = line.wholeMatch(of: #/<!-- runs until: (.+) -->/#) {
                until = String(comment.1)
            }
        }
        self.blocks = blocks
    }

    /// One shell script of all blocks: each block's output goes to a file of its own, so that what one block sets is
    /// there in the next. A block that runs until something shows is run aside. Nothing is left running.
    func script(folder: String) -> String {
        var script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n"
        for (index, block) in blocks.enumerated() {
            let output = "\(folder)/block-\(index)"
            script += "echo 'README.md, the block at line \(block.line)' >&2\n"
            if let until = block.until {
                script += """
                    ( set +e
                    \(block.commands)
                    ) > \(output) 2>&1 &
                    aside=$!
                    for try in $(seq 300); do grep -qF '\(until)' \(output) && break; sleep 0.1; done
                    kill $aside
                    wait $aside || true

                    """
            } else {
                script += "{\n\(block.commands)\n} > \(output) 2>&1 || { cat \(output) >&2; exit 1; }\n"
            }
        }
        return script
    }

    /// The first outcome of a block that its output does not have.
    static func missing(_ block: Block, in output: String) -> String? {
        var lines = output.components(separatedBy: "\n")[...]
        for outcome in block.outcomes {
            guard let found = lines.firstIndex(where: { matches($0, outcome) }) else { return outcome }
            lines = lines[(found + 1)...]
        }
        return nil
    }

    /// Whether `line` is `pattern`, in which each `…` stands for any text.
    static func matches(_ line: String, _ pattern: String) -> Bool {
        let parts = pattern.components(separatedBy: "…")
        guard parts.count > 1 else { return line == pattern }
        guard line.hasPrefix(parts[0]), line.hasSuffix(parts[parts.count - 1]) else { return false }
        var rest = line.dropFirst(parts[0].count)
        for part in parts.dropFirst() {
            if part.isEmpty { continue }
            guard let range = rest.range(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
