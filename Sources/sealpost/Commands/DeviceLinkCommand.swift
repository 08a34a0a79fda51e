import ArgumentParser
import SealpostClient
import SealpostCore

struct DeviceLinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "link",
        abstract: "Make this machine a new device of an account that exists.",
        discussion: """
            Shows the new device's address and a code. Give both to
            `sealpost device approve` on the machine that registered the account. Run it
            again to see them again.

            EXAMPLES
              sealpost device link alice --profile phone
              sealpost device link alice --wait 5m     wait here until it is approved
            """)

    @Argument(help: ArgumentHelp("The account.", valueName: "handle"))
    var handle: Handle

    @OptionGroup var device: DeviceOptions

    @Option(name: .long, help: ArgumentHelp("Wait so long for the approval: 90s, 5m.", valueName: "time"))
    var wait: DurationArgument?

    @OptionGroup var password: PasswordOptions
    @OptionGroup var options: GlobalOptions

    func run() async throws {
        if try await isLinked() { return try await options.withMessenger(show) }
        let password = try await password.password()
        let registration = Registration(
            server: options.server ?? GlobalOptions.localServer, handle: handle, password: password,
            deviceName: device.name)
        try await options.withNewMessenger(
            protect: device.protect,
            { location, options in try await Messenger.logIn(registration, at: location, options: options) }, show)
    }

    /// Whether the profile has a device of the account already, so that there is only its code to show.
    private func isLinked() async throws -> Bool {
        guard try options.location.exists else { return false }
        do {
            return try await options.withMessenger { messenger in
                let own = try await messenger.identity().handle
                guard own == handle else {
                    throw ToolError(.exists, "the profile \(options.profile) belongs to \(own); choose another")
                }
                return true
            }
        } catch let error as ToolError where error.exit == .notAllowed {
            // Interrupted before it had a number: it is taken up again.
            return false
        }
    }

    private func show(_ messenger: Messenger) async throws {
        let output = options.output
        let record = try await IdentityRecord(messenger, profile: options.profile)
        try output.record(
            record,
            text: record.code.map { "\(record.address) waits for approval; its code: \(output.strong($0))" }
                ?? "linked as \(record.text)")
        guard record.code != nil else { return }
        guard let wait else {
            return output.talk("On the machine that registered \(handle): sealpost device approve \(record.address)")
        }
        guard try await isApproved(messenger, within: wait.duration) else {
            throw ToolError(.tryAgain, "\(record.address) was not approved in time; it still waits")
        }
        let listed = try await IdentityRecord(messenger, profile: options.profile)
        try output.record(listed, text: "linked as \(listed.text)")
    }

    private func isApproved(_ messenger: Messenger, within limit: Duration) async throws -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while try await !messenger.checkApproval() {
            guard clock.now < end else { return false }
            try await clock.sleep(for: .seconds(2), tolerance: .seconds(1))
        }
        return true
    }
}
