import ArgumentParser
import SealpostClient
import SealpostCore

struct OutboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox",
        abstract: "Messages that are on their way: list, drain, retry, drop.",
        discussion: """
            A message is tried for six days; then it is kept as failed until it is retried
            or dropped.

            EXAMPLES
              sealpost outbox list
              sealpost outbox drain
              sealpost outbox drop 3
            """,
        subcommands: [
            OutboxListCommand.self, OutboxDrainCommand.self, OutboxRetryCommand.self, OutboxDropCommand.self,
        ])
}

struct OutboxListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show what waits and what was given up. Asks nobody.",
        discussion: """
            EXAMPLE
              sealpost outbox list --json | jq -r 'select(.state == "failed").entry'
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            for entry in try await messenger.outbox() {
                let record = OutboxRecord(entry)
                try options.output.record(record, text: record.line())
            }
        }
    }
}

struct OutboxDrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Send what is due, now. Ends with 75 if some of it could not go.",
        discussion: """
            EXAMPLE
              sealpost outbox drain || echo 'some mail still waits'
            """,
        aliases: ["flush"])

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var sent: Int
        var failed: Int
        var waiting: Int
        var nextAttempt: Timestamp?
        var lastError: String?

        enum CodingKeys: String, CodingKey {
            case sent, failed, waiting
            case nextAttempt = "next_attempt"
            case lastError = "last_error"
        }
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let report = try await messenger.drainOutbox(ignoringBackoff: true)
            let record = Record(
                sent: report.deposited.count, failed: report.failed.count, waiting: report.waiting,
                nextAttempt: report.nextAttempt, lastError: report.lastError)
            try options.output.record(
                record, text: "sent \(record.sent), failed \(record.failed), waiting \(record.waiting)")
            if let reason = report.lastError { throw ToolError(.tryAgain, "some mail could not go yet: \(reason)") }
        }
    }
}

struct OutboxRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Give a message that failed another six days.",
        discussion: """
            EXAMPLE
              sealpost outbox retry 3 && sealpost outbox drain
            """)

    @Argument(help: ArgumentHelp("The entry's number, as outbox list shows it.", valueName: "entry"))
    var entry: Int64

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            try await messenger.retrySending(entry)
            guard let found = try await messenger.outbox().first(where: { $0.number == entry }) else { return }
            let record = OutboxRecord(found)
            try options.output.record(record, text: record.line())
        }
    }
}

struct OutboxDropCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Take a message out of the outbox.",
        discussion: """
            One that was tried may have reached the service all the same.

            EXAMPLE
              sealpost outbox drop 3
            """)

    @Argument(help: ArgumentHelp("The entry's number, as outbox list shows it.", valueName: "entry"))
    var entry: Int64

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var entry: Int64
        var state = "dropped"
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            try await messenger.cancelSending(entry)
            try options.output.record(Record(entry: entry), text: "dropped \(entry)")
        }
    }
}
