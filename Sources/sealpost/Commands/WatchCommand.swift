import ArgumentParser
import SealpostClient
import SealpostCore

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Wait for mail and print it, or run a command for every text.",
        discussion: """
            With --exec, the shell runs the command for each text, which is its standard
            input. Only if it ends with 0 is the message acknowledged; else watch ends
            with 75, and the message comes again the next time. The command finds in its
            environment: SEALPOST_MESSAGE_FROM, _TO, _ID, _KIND, _NUMBER, _SENT,
            _RECEIVED and _REPLY_TO. The outbox is drained meanwhile. Ctrl-C ends it.
            What the service was caught at is told at once; watch goes on, and ends
            with 76.

            EXAMPLES
              sealpost watch
              sealpost watch --exec 'notify-send "$SEALPOST_MESSAGE_FROM" "$(cat)"'
              sealpost watch --json --count 1 | jq -r .text
            """)

    @Option(name: .long, help: ArgumentHelp("Run this for every text.", valueName: "command"))
    var exec: String?

    @Flag(name: .long, help: "With --exec: run it for receipts, copies of sent mail and all else, too.")
    var all = false

    @Option(name: .long, help: ArgumentHelp("End after so many messages.", valueName: "count"))
    var count: Int?

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count: give 1 or more") }
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            if !options.json { options.output.talk("waiting for mail; Ctrl-C ends it") }
            let round = WatchRound(
                messenger: messenger, output: options.output, command: exec.map(ShellCommand.init), runsForAll: all)
            _ = try await StopSignals.stopping { try await round.repeated(until: count) }
            if let lie = await round.teller.lie { throw ToolError(.untrusted(lie)) }
        }
    }
}

/// Polls, hands messages on and sends what is due, over and over.
private struct WatchRound: Sendable {
    let messenger: Messenger
    let output: Output
    let command: ShellCommand?
    let runsForAll: Bool
    let teller: WarningTeller

    init(messenger: Messenger, output: Output, command: ShellCommand?, runsForAll: Bool) {
        self.messenger = messenger
        self.output = output
        self.command = command
        self.runsForAll = runsForAll
        teller = WarningTeller(output: output)
    }

    /// There were as many messages as asked for; the one at hand is not taken.
    private struct Enough: Error {}

    func repeated(until limit: Int?) async throws {
        let taken = Counter(limit: limit)
        var pause = Duration.seconds(1)
        while await !taken.isEnough {
            do {
                let next = try await send()
                let report = try await messenger.receive(wait: next) { message in
                    guard await !taken.isEnough else { throw Enough() }
                    try await take(message)
                    await taken.add()
                }
                pause = .seconds(1)
                try await teller.tell(messenger)
                if let wait = report.retryAfter { try await Task.sleep(for: wait) }
            } catch ClientError.handlerFailed(is Enough) {
                return
            } catch let error as ClientError {
                guard let asked = Self.pause(after: error) else { throw error }
                try await teller.tell(messenger)
                let wait = max(pause, asked)
                output.warn("\(error.description); trying again in \(wait.components.seconds) s")
                try await Task.sleep(for: wait)
                pause = min(pause * 2, .seconds(60))
            }
        }
    }

    /// How long at least to wait before another round if the failure may pass by itself; nil if it will not.
    private static func pause(after error: ClientError) -> Duration? {
        switch error {
        case .unreachable: .zero
        case .refused(let problem) where [.rateLimited, .unavailable, .internalError].contains(problem.code):
            .seconds(problem.retryAfter ?? 0)
        default: nil
        }
    }

    /// Sends what is due; returns how long a poll may wait before something else is.
    private func send() async throws -> Duration {
        guard try await !messenger.outbox().isEmpty else { return Limits.wait }
        let report = try await messenger.drainOutbox()
        guard let next = report.nextAttempt else { return Limits.wait }
        return min(max(next - .now, .seconds(1)), Limits.wait)
    }

    private func take(_ message: Message) async throws {
        let record = MessageRecord(message)
        guard let command else { return try output.record(record, text: record.line(output)) }
        guard runsForAll || record.kind == "text" else { return output.talk(record.line(output)) }
        let end = try await blocking { try command.run(input: Array(record.input.utf8), variables: record.variables) }
        guard end.isSuccess else {
            throw ToolError(
                .tryAgain, "the command ended with \(end.words); message \(record.number) is not acknowledged")
        }
    }
}

/// Tells warnings as they come, and remembers the first lie among them.
private actor WarningTeller {
    private let output: Output
    private(set) var lie: TrustFailure?

    init(output: Output) {
        self.output = output
    }

    func tell(_ messenger: Messenger) async throws {
        for warning in try await messenger.takeWarnings() {
            output.warn(warning.description)
            lie = lie ?? warning.trustFailure
        }
    }
}

private actor Counter {
    private let limit: Int?
    private var count = 0

    init(limit: Int?) {
        self.limit = limit
    }

    var isEnough: Bool { limit.map { count >= $0 } ?? false }

    func add() { count += 1 }
}
