import ArgumentParser
import Foundation
import SealpostClient
import SealpostCore

struct RegisterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register",
        abstract: "Make an account, and this machine its first device.",
        discussion: """
            The device's keys and the account key are made here and stay here, in the
            profile. Run it again with the same password if it was interrupted.

            EXAMPLES
              sealpost register alice
              sealpost register alice --profile work --server https://post.example
              pass show sealpost | sealpost register alice --password-stdin
            """)

    @Argument(help: ArgumentHelp("The account's name: a-z, 0-9, _ and -, from a letter.", valueName: "handle"))
    var handle: Handle

    @OptionGroup var device: DeviceOptions

    @Option(name: .long, help: "An e-mail address to sign in with; others do not see it.")
    var email: String?

    @Option(name: .long, help: "The invite, where the service asks for one.")
    var invite: String?

    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let password = try await password.password(confirm: true)
        let registration = Registration(
            server: options.server ?? GlobalOptions.localServer, handle: handle, password: password,
            deviceName: device.name, email: email, invite: invite)
        try await options.withNewMessenger(protect: device.protect) { location, options in
            try await Messenger.register(registration, at: location, options: options)
        } _: { messenger in
            let record = try await IdentityRecord(messenger, profile: options.profile)
            try options.output.record(record, text: "registered \(record.text)")
        }
    }
}

/// What a new device is told.
struct DeviceOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The device's name in lists; the host's name if absent.", valueName: "name"))
    var deviceName: String?

    @Flag(name: .long, help: "Protect the profile with a passphrase (asked for, or SEALPOST_PASSPHRASE).")
    var protect = false

    var name: String {
        deviceName ?? String(ProcessInfo.processInfo.hostName.prefix { $0 != "." }.prefix(64))
    }
}
