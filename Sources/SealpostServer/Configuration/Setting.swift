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
    package let isSecret: Bool
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

    private static func snakeCase(_ word: Substring) -> String {
        word.reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
    }
}

extension Setting {
    package static let all: [Setting] = [
        text("listen.host", "the address to listen on", \.host, "a name or an IP address") { !$0.isEmpty },
        number("listen.port", "the port to listen on; 0: any free one", \.port, 0...65_535),
        text("data.folder", "the folder of database and keyring", \.dataFolder, "a path") { !$0.isEmpty },
        choice("registration.mode", "who may register", \.registration),
        Setting(
            key: "registration.invites", help: "texts that let somebody register in mode invite, with commas between",
            expectation: "texts of 8 to 128 characters with commas between", isSecret: true,
            show: { $0.invites.joined(separator: ",") },
            take: { configuration, text in
                configuration.invites = text.split(separator: ",").map(String.init)
                return configuration.invites.allSatisfy { (8...128).contains($0.count) }
            }),
        number(
            "limits.registrations.burst", "registrations from one network at once", \.rates.registrations.burst, burst),
        number(
            "limits.registrations.perHour", "registrations from one network an hour; 0: no limit",
            \.rates.registrations.perHour, perHour),
        number(
            "limits.signIns.burst", "failed sign-ins to one account from one network at once",
            \.rates.failedSignIns.burst, burst),
        number(
            "limits.signIns.perHour", "failed sign-ins to one account from one network an hour; 0: no limit",
            \.rates.failedSignIns.perHour, perHour),
        number(
            "limits.signInsAnywhere.burst", "failed sign-ins to one account from anywhere at once",
            \.rates.failedSignInsAnywhere.burst, burst),
        number(
            "limits.signInsAnywhere.perHour", "failed sign-ins to one account from anywhere an hour; 0: no limit",
            \.rates.failedSignInsAnywhere.perHour, perHour),
        number(
            "limits.claims.burst", "prekey claims of one caller from one account at once", \.rates.claims.burst, burst),
        number(
            "limits.claims.perHour", "prekey claims of one caller from one account an hour; 0: no limit",
            \.rates.claims.perHour, perHour),
        choice("passwords.profile", "the cost of a password in Argon2id; minimal is for tests", \.passwordProfile),
        number("passwords.workers", "passwords checked at once", \.passwordWorkers, 1...64),
        number("passwords.queue", "passwords that may wait to be checked", \.passwordQueue, 0...10_000),
        Setting(
            key: "shutdown.deadline", help: "seconds from SIGTERM to the end of the process",
            expectation: "a whole number from 1 to 600", isSecret: false,
            show: { String($0.shutdownDeadline.components.seconds) },
            take: { configuration, text in
                guard let seconds = whole(text, 1...600) else { return false }
                configuration.shutdownDeadline = .seconds(seconds)
                return true
            }),
        choice("log.level", "the least important lines to write", \.logLevel),
        choice("log.format", "lines for people, or one JSON object a line", \.logFormat),
    ]

    private static let burst = 1...1_000_000
    private static let perHour = 0...3_600_000

    private static func whole(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard let value = Query.number(text).flatMap({ Int(exactly: $0) }), range.contains(value) else { return nil }
        return value
    }

    private static func text(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, String> & Sendable,
        _ expectation: String, _ isAllowed: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: expectation, isSecret: false, show: { $0[keyPath: path] },
            take: { configuration, text in
                configuration[keyPath: path] = text
                return isAllowed(text)
            })
    }

    private static func number(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Int> & Sendable,
        _ range: ClosedRange<Int>
    ) -> Setting {
        Setting(
            key: key, help: help, expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            isSecret: false, show: { String($0[keyPath: path]) },
            take: { configuration, text in
                guard let value = whole(text, range) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, _ help: String, _ path: WritableKeyPath<ServerConfiguration, Choice> & Sendable
    ) -> Setting {
        Setting(
            key: key, help: help,
            expectation: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), isSecret: false,
            show: { $0[keyPath: path].rawValue },
            take: { configuration, text in
                guard let value = Choice(rawValue: text) else { return false }
                configuration[keyPath: path] = value
                return true
            })
    }
}
