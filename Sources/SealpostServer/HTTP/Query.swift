import SealpostCore

/// The query of a request: known parameters, each at most once, percent-decoded.
package struct Query: Sendable {
    private let values: [String: String]

    /// Reads `a=b&c=d`; throws for a parameter that is not in `allowed`, given twice, or not UTF-8 when decoded.
    package init(_ text: String?, allowed: Set<String>) throws(Problem) {
        var values: [String: String] = [:]
        for pair in (text ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(parts[0]) else {
                throw Problem(.invalidParameter, "a parameter's name is not percent-encoded UTF-8")
            }
            guard allowed.contains(name) else {
                let known = allowed.isEmpty ? "no parameter" : allowed.sorted().joined(separator: ", ")
                let shown = String(name.prefix(64))
                throw Problem(.unknownParameter, "\(shown) is not known here; known: \(known)", member: shown)
            }
            guard values[name] == nil else {
                throw Problem(.invalidParameter, "\(name) is given twice", member: name)
            }
            guard let value = PercentEncoding.decode(parts.count > 1 ? parts[1] : "") else {
                throw Problem(.invalidParameter, "\(name) is not percent-encoded UTF-8", member: name)
            }
            values[name] = value
        }
        self.values = values
    }

    package subscript(_ name: String) -> String? { values[name] }

    /// A whole number in a range; nil if absent.
    package func integer(_ name: String, in range: ClosedRange<Int64>) throws(Problem) -> Int64? {
        guard let text = values[name] else { return nil }
        guard let value = Self.number(text), range.contains(value) else {
            throw Problem(
                .invalidParameter, "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)",
                member: name)
        }
        return value
    }

    /// A cursor; nil if absent.
    package func sequence(_ name: String) throws(Problem) -> Sequence? {
        try integer(name, in: 0...Int64.max).map { Sequence($0) }
    }

    /// Decimal digits and nothing else: no sign, no spaces, no needless zero.
    static func number(_ text: String) -> Int64? {
        guard let value = Int64(text), String(value) == text else { return nil }
        return value
    }
}

/// Percent-encoding of URLs (RFC 3986 section 2.1).
enum PercentEncoding {
    /// Nil for a broken escape, or if the bytes are not UTF-8. `+` is itself.
    static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexValue), let low = rest.next().flatMap(hexValue) else { return nil }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
