import Logging
import SealpostCore

/// One key of the configuration: its name, what it is for, and how its text is read and shown.
package struct Setting: Sendable {
    /// As in the file: `listen.port`.
    package let key: String
    /// One line for people, with the unit.
    package let help: String
    /// What a valid text looks like: "must be …".
    package let expectation: String
    /// Whether its value may be shown.
    package let secrecy: Secrecy
    let show: @Sendable (ServerConfiguration) -> String
    /// False for a text that is not allowed.
    let take: @Sendable (inout ServerConfiguration, String) -> Bool

    /// As in the environment: `SEALPOST_LISTEN_PORT`.
    package var variable: String {
        Self.variablePrefix + key.split(separator: ".").map(Self.snakeCase).joined(separator: "_")
    }

    /// As on the command line: `--listen-port`.
    package var flag: String {
        "--" + variable.dropFirst(Self.variablePrefix.count).lowercased().replacing("_", with: "-")
    }

    static let variablePrefix = "SEALPOST_"
    /// Shown in the place of a secret.
    static let mask = "********"

    private static func snakeCase(_ word: Substring) -> String {
        word.reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
    }
}

extension Setting {
    package enum Secrecy: Sendable {
        /// For everybody to see.
        case open
        /// Never shown.
        case secret
        /// A URL of a database: shown without its password.
        case databaseURL
    }

    package var isSecret: Bool {
        if case .open = secrecy { false } else { true }
    }

    /// A text as it may be shown.
    func masked(_ text: String) -> String {
        switch secrecy {
        case .open: text
        case .secret: text.isEmpty ? "" : Self.mask
        // What is no URL may be anything, with a password anywhere.
        case .databaseURL: DatabaseURL(text)?.description ?? (text.isEmpty ? "" : Self.mask)
        }
    }
}

extension Setting {
    private static func whole(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = Query.number(text).flatMap({ Int(exactly: $0) }), range.contains(value) else { return nil }
        return value
    }

    static func text(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, String> & Sendable,
        _ expectation: String, _ isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: expectation, secrecy: .open, show: { $0[keyPath: path] },
            take: { configuration, text in
                configuration[keyPath: path] = text
                return isAllowed(text)
            })
    }

    static func number(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Int> & Sendable,
        _ range: ClosedRange<Int>
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            secrecy: .open, show: { String($0[keyPath: path]) },
            take: { configuration, text in
                guard let value = whole(text, range) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }

    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Choice> & Sendable
    ) -> Setting {
        Setting(
            key: key, help: help,
            expectation: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), secrecy: .open,
            show: { $0[keyPath: path].rawValue },
            take: { configuration, text in
                guard let value = Choice(rawValue: text) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }

    static func seconds(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Duration> & Sendable,
        _ range: ClosedRange<Int>
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            secrecy: .open, show: { String($0[keyPath: path].components.seconds) },
            take: { configuration, text in
                guard let value = whole(text, range) else { return false }
                configuration[keyPath: path] = .seconds(value)
                return true
            })
    }

    static func toggle(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Bool> & Sendable
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: "true or false", secrecy: .open,
            show: { String($0[keyPath: path]) },
            take: { configuration, text in
                guard let value = Bool(text) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }

    static func databaseURL(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, DatabaseURL?> & Sendable
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: "empty, or \(DatabaseURL.expectation)", secrecy: .databaseURL,
            show: { $0[keyPath: path]?.exposedText ?? "" },
            take: { configuration, text in
                configuration[keyPath: path] = DatabaseURL(text)
                return text.isEmpty || configuration[keyPath: path] != nil
            })
    }
}
