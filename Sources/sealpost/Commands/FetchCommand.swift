import ArgumentParser
import SealpostClient
import SealpostCore

struct FetchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Collect mail, decrypt it, print it, and acknowledge it.",
        discussion: """
            A message is kept in the profile before it is printed, and acknowledged after
            it was written. What waits in the outbox goes out first.

            EXAMPLES
              sealpost fetch
              sealpost fetch --wait 5m          wait for the first message
              sealpost fetch --json | jq -r 'select(.kind == "text").text'
              sealpost fetch --kept             print again what is kept here
            """)

    @Option(name: .long, help: ArgumentHelp("Wait so long for a message: 30s, 5m.", valueName: "time"))
    var wait: DurationArgument?

    @Flag(name: .long, help: "Print everything that this device has kept, and ask nobody.")
    var kept = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            guard !kept else { return try await printKept(messenger) }
            try await sendFirst(messenger)
            let output = options.output
            let clock = ContinuousClock()
            let end = clock.now + (wait?.duration ?? .zero)
            while true {
                let left = max(.zero, end - clock.now)
                let report = try await messenger.receive(wait: min(left, Limits.wait)) { message in
                    let record = MessageRecord(message)
                    try output.record(record, text: record.line(output))
                }
                guard !report.isPending else {
                    throw ToolError(.tryAgain, "this device waits for approval: see sealpost device link")
                }
                if report.more { continue }
                guard report.handled == 0, clock.now < end else { return }
                if let pause = report.retryAfter { try await clock.sleep(for: min(pause, left)) }
            }
        }
    }

    private func sendFirst(_ messenger: Messenger) async throws {
        guard try await !messenger.outbox().isEmpty else { return }
        _ = try await messenger.drainOutbox(ignoringBackoff: true)
    }

    private func printKept(_ messenger: Messenger) async throws {
        var last: Int64 = 0
        while true {
            let messages = try await messenger.messages(after: last)
            guard let final = messages.last else { return }
            for message in messages {
                let record = MessageRecord(message)
                try options.output.record(record, text: record.line(options.output))
            }
            last = final.number
        }
    }
}
