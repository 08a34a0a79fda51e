/// Text from elsewhere made safe for a terminal: nothing in it can move the cursor, ring, recolour or reorder.
enum TerminalText {
    /// Control and direction characters as `\u{…}`; line breaks become a new line with `indent` before it.
    static func safe(_ text: String, indent: String = "    ") -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\n" + indent
            case "\t": result += "    "
            default: result += isUnsafe(scalar) ? escaped(scalar) : String(scalar)
            }
        }
        return result
    }

    /// The same on one line, with line breaks as `\n` and backslashes doubled, so that every text can be told apart.
    static func oneLine(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += #"\n"#
            case "\r": result += #"\r"#
            case "\t": result += #"\t"#
            case "\\": result += #"\\"#
            default: result += isUnsafe(scalar) ? escaped(scalar) : String(scalar)
            }
        }
        return result
    }

    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        case .format: isDirection(scalar) || scalar.value >= 0xE0000
        default: false
        }
    }

    /// Marks, embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9).
    private static func isDirection(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        #"\u{"# + String(scalar.value, radix: 16) + "}"
    }
}
