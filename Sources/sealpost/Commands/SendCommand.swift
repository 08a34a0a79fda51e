import ArgumentParser
import SealpostClient
import SealpostCore

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send",
        abstract: "Encrypt a message and send it; without a network it waits in the outbox.",
        discussion: """
            Every device of the recipient gets it, and your other devices see what was
            sent. The text is the second argument or standard input. What cannot be sent
            now goes out with the next send, fetch, watch or outbox drain.

            EXAMPLES
              sealpost send bob 'hello'
              make 2>&1 | tail -20 | sealpost send bob
              sealpost send bob 'happy new year' --at 2027-01-01T00:00:00Z
              sealpost send bob 'the kettle' --at +10m
            """)

    @Argument(help: ArgumentHelp("The recipient's account.", valueName: "handle"))
    var handle: Handle

    @Argument(help: ArgumentHelp("The message; standard input if absent.", valueName: "text"))
    var text: String?

    @Option(name: .long, help: ArgumentHelp("Not before: RFC 3339, or +10m, +2h, +1d.", valueName: "time"))
    var at: TimeArgument?

    @Option(name: .long, help: ArgumentHelp("The id of the message that this answers.", valueName: "id"))
    var replyTo: String?

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let text = if let text { text } else { try await typed() }
        guard !text.isEmpty else { throw ToolError(.badInput, "there is no text to send") }
        try await options.withMessenger { messenger in
            try await refuseUnknown(messenger)
            let queued = try await messenger.send(.text(text, replyTo: replyTo), to: handle, at: at?.time)
            let report = try await messenger.drainOutbox(ignoringBackoff: true)
            let isSent = report.deposited.contains(queued.number)
            let now = isSent ? queued : try await messenger.outbox().first { $0.number == queued.number } ?? queued
            let record = OutboxRecord(now, isSent: isSent)
            try options.output.record(record, text: record.line())
            guard record.state != .failed else {
                throw ToolError(.tryAgain, "the message was given up: see sealpost outbox list")
            }
            if !isSent, try await isHeldBack(messenger) {
                throw ToolError(.untrusted(TrustFailure(handle, .accountKeyChanged)))
            }
        }
    }

    private func typed() async throws -> String {
        if StandardInput.isTerminal {
            options.output.talk("Type the message; end it with Ctrl-D on a line of its own.")
        }
        return try await StandardInput.text(limit: Limits.envelopeBytes)
    }

    /// Whether nothing goes to the contact because its account key changed.
    private func isHeldBack(_ messenger: Messenger) async throws -> Bool {
        try await messenger.contacts().contains { $0.handle == handle && $0.offeredKey != nil }
    }

    /// An account that was never heard of is looked up first, so that a slip of the pen is told now and not in a report
    /// on the outbox. Without a network the message is queued all the same.
    private func refuseUnknown(_ messenger: Messenger) async throws {
        guard try await !messenger.contacts().contains(where: { $0.handle == handle }),
            try await messenger.identity().handle != handle
        else { return }
        do throws(ClientError) {
            try await messenger.lookUp(handle)
        } catch {
            switch error {
            case .unreachable: return
            case .refused(let problem) where problem.code == .unavailable || problem.code == .rateLimited: return
            case .refused(let problem) where problem.code == .notFound:
                throw ToolError(.unknownAccount, "there is no account \(handle)", code: problem.code.rawValue)
            default: throw error
            }
        }
    }
}
