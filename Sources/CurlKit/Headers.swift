/// The header fields of an answer, kept as they came and looked through when asked.
package struct Headers: Sendable {
    /// Lines of `name: value CR LF`, without the status line and the empty line.
    private let block: [UInt8]

    init(block: [UInt8]) {
        self.block = block
    }

    /// The first value under `name`, in any case; `nil` when there is none.
    package subscript(_ name: String) -> String? {
        for line in lines where Self.equal(block[line.name], name) {
            return String(decoding: block[line.value], as: UTF8.self)
        }
        return nil
    }

    /// All values under `name`, in any case, in the order they came.
    package func all(_ name: String) -> [String] {
        lines.filter { Self.equal(block[$0.name], name) }
            .map { String(decoding: block[$0.value], as: UTF8.self) }
    }

    /// Every field in the order they came.
    package var fields: [(name: String, value: String)] {
        lines.map {
            (String(decoding: block[$0.name], as: UTF8.self), String(decoding: block[$0.value], as: UTF8.self))
        }
    }
}

extension Headers {
    private struct Line {
        var name: Range<Int>
        var value: Range<Int>
    }

    private var lines: some Sequence<Line> {
        sequence(state: block.startIndex) { position -> Line? in
            while position < block.endIndex {
                let start = position
                let end = block[start...].firstIndex(of: UInt8(ascii: "\n")) ?? block.endIndex
                position = Swift.min(end + 1, block.endIndex)
                if let colon = block[start..<end].firstIndex(of: UInt8(ascii: ":")) {
                    return Line(name: start..<colon, value: trimmed(colon + 1..<end))
                }
            }
            return nil
        }
    }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }
        var range = range
        while let first = range.first, isBlank(block[first]) { range.removeFirst() }
        while let last = range.last, isBlank(block[last]) { range.removeLast() }
        return range
    }

    private static func equal(_ bytes: ArraySlice<UInt8>, _ name: String) -> Bool {
        bytes.count == name.utf8.count && zip(bytes, name.utf8).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
