import SealpostCore
import SealpostStore

extension Setting {
    package static let all: [Setting] = [
        text("listen.host", "the address to listen on", \.host, "a name or an IP address") { !$0.isEmpty },
        number("listen.port", "the port to listen on; 0: any free one", \.port, 0...65_535),
        databaseURL(
            "database", "the PostgreSQL database that nodes share; empty: SQLite in the data folder", \.database),
        text("data.folder", "the folder of database and keyring", \.dataFolder, "a path") { !$0.isEmpty },
        text(
            "keyring.file", "the file of the keyring, the same at all nodes; empty: keyring.json in the data folder",
            \.keyringFile, "a path or empty"
        ) { _ in true },
        Setting(
            key: "keyring",
            help: "the keyring itself in the place of a file; not for the command line, which others see",
            expectation: "the JSON of a keyring, as in its file", secrecy: .secret, show: \.keyringText,
            take: { configuration, text in
                configuration.keyringText = text
                return text.isEmpty || (try? Keyring(text: text)) != nil
            }),
        toggle(
            "migrate.atStart", "bring the schema up to date at the start; false: only sealpost migrate does",
            \.migratesAtStart),
        number("postgres.connections", "connections to PostgreSQL", \.postgresConnections, 4...200),
        databaseURL(
            "postgres.listen",
            "the same database without a pooler between, for what nodes tell each other; empty: as database",
            \.postgresListen),
        seconds(
            "postgres.statementTimeout", "seconds after which PostgreSQL gives up a statement",
            \.postgresStatementTimeout, 1...600),
        seconds(
            "postgres.lockTimeout", "seconds that a statement waits for a lock", \.postgresLockTimeout, 1...60),
        choice("registration.mode", "who may register", \.registration),
        Setting(
            key: "registration.invites", help: "texts that let somebody register in mode invite, with commas between",
            expectation: "texts of 8 to 128 characters with commas between", secrecy: .secret,
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
        seconds(
            "shutdown.deadline", "seconds from SIGTERM to the end of the process", \.shutdownDeadline, 1...600),
        choice("log.level", "the least important lines to write", \.logLevel),
        choice("log.format", "lines for people, or one JSON object a line", \.logFormat),
    ]

    private static let burst = 1...1_000_000
    private static let perHour = 0...3_600_000
}
