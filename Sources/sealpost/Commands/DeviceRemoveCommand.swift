import ArgumentParser
import SealpostClient
import SealpostCore

struct DeviceRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take a device off the account for good, with its mailbox.",
        discussion: """
            Its mail that is not collected goes too. Its number is never given again.

            EXAMPLE
              sealpost device remove alice.2
            """)

    @Argument(help: ArgumentHelp("The device, by number or address.", valueName: "device"))
    var device: DeviceArgument

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var address: String
        var state = "removed"
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let handle = try await messenger.identity().handle
            try device.check(handle)
            try await messenger.removeDevice(device.number)
            let address = "\(handle).\(device.number)"
            try options.output.record(Record(address: address), text: "removed \(address)")
        }
    }
}
