/// Where a PostgreSQL database is: a URL as libpq takes it, with one host or several. Shown, it has no password.
package struct DatabaseURL: Sendable, Hashable {
    /// The whole of it, with the password.
    package let exposedText: String

    static let expectation =
        "a URL that begins with postgres:// or postgresql://, in a password : / ? # and @ escaped (@ is %40)"

    /// Nil for what is no `postgres://` or `postgresql://` URL, and where it is not clear what the password is: libpq
    /// would take the rest of it for a host, and say so in its errors.
    package init?(_ text: String) {
        guard let scheme = ["postgres://", "postgresql://"].first(where: text.hasPrefix) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard rest.count(where: { $0 == "@" }) == (authority.contains("@") ? 1 : 0) else { return nil }
        exposedText = text
    }

    /// With `mask` in the place of passwords.
    package func masked(by mask: String) -> String {
        var text = ""
        var piece = ""
        for character in exposedText + "&" {
            guard character == "?" || character == "&" else {
                piece.append(character)
                continue
            }
            if let end = piece.firstIndex(of: "="), Self.isSecret(piece[..<end]) {
                piece = piece[...end] + mask
            }
            text += piece
            text.append(character)
            piece = ""
        }
        text.removeLast()

        let scheme = text.prefix { $0 != ":" } + "://"
        let rest = text.dropFirst(scheme.count)
        guard let at = rest.firstIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") else { return text }
        return scheme + rest[...colon] + mask + rest[at...]
    }

    /// Of the parameters of a URL, `password` and `sslpassword`; what is escaped may be one of them.
    private static func isSecret(_ parameter: Substring) -> Bool {
        parameter.lowercased().hasSuffix("password") || parameter.contains("%")
    }
}

extension DatabaseURL: CustomStringConvertible, CustomReflectable {
    package var description: String { masked(by: Setting.mask) }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
