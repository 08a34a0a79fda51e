import ArgumentParser
import SealpostClient
import SealpostCore

struct DeviceApproveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Put a pending device on the account's signed list.",
        discussion: """
            Needs the profile that holds the account key, and the code that the new device
            shows. If the code does not match, someone between the two may have exchanged
            a key: nothing is signed.

            EXAMPLES
              sealpost device approve alice.2
              sealpost device approve 2 --code '12345 67890 12345 67890 12345 67890'
            """)

    @Argument(help: ArgumentHelp("The device, by number or address.", valueName: "device"))
    var device: DeviceArgument

    @Option(name: .long, help: ArgumentHelp("The code that the device shows; asked for if absent.", valueName: "code"))
    var code: String?

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var address: String
        var state = "listed"
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let handle = try await messenger.identity().handle
            try device.check(handle)
            let address = "\(handle).\(device.number)"
            let code =
                if let code { code } else {
                    try await blocking { try Keyboard().line("The code that \(address) shows: ") }
                }
            try await messenger.approve(device.number, code: code)
            try options.output.record(Record(address: address), text: "\(address) is on the list now")
        }
    }
}
