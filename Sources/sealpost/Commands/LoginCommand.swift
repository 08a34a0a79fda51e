import ArgumentParser
import SealpostClient
import SealpostCore

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Sign this device in again, after logout or when its session has ended.",
        discussion: """
            Keys, contacts and messages were kept. A machine that has no profile of the
            account yet becomes a new device: sealpost device link HANDLE.

            EXAMPLES
              sealpost login
              sealpost login --profile work --password-stdin < password-file
            """)

    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            try await messenger.signIn(password: try await password.password())
            let record = try await IdentityRecord(messenger, profile: options.profile)
            try options.output.record(record, text: "signed in as \(record.text)")
        }
    }
}
