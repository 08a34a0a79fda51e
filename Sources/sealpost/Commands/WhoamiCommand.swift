import ArgumentParser
import SealpostClient

struct WhoamiCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami",
        abstract: "Show who the profile is. Asks nobody.",
        discussion: """
            EXAMPLES
              sealpost whoami
              sealpost whoami --json | jq -r .address
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            let record = try await IdentityRecord(messenger, profile: options.profile)
            try options.output.record(record, text: record.text)
        }
    }
}
