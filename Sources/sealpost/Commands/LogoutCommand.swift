import ArgumentParser
import SealpostClient

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "End this device's session; its keys and messages stay here.",
        discussion: """
            Mail goes on being kept for the device. To take a device off the account for
            good, use sealpost device remove.

            EXAMPLE
              sealpost logout --profile work
            """)

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var address: String
        var state = "signed_out"
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let identity = try await messenger.identity()
            try await messenger.signOut()
            let address = "\(identity.handle).\(identity.device)"
            try options.output.record(Record(address: address), text: "signed out \(address)")
        }
    }
}
