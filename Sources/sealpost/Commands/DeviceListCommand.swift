import ArgumentParser
import SealpostClient
import SealpostCore

struct DeviceListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the account's devices.",
        discussion: """
            EXAMPLE
              sealpost device list --json | jq -r 'select(.state == "pending").device'
            """)

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var device: UInt32
        var name: String
        var state: DeviceState
        var created: Timestamp
        var lastSeen: Timestamp?
        var isThisDevice: Bool

        enum CodingKeys: String, CodingKey {
            case device, name, state, created
            case lastSeen = "last_seen"
            case isThisDevice = "this_device"
        }
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let output = options.output
            for device in try await messenger.devices() {
                let record = Record(
                    device: device.number.value, name: device.name, state: device.state, created: device.created,
                    lastSeen: device.lastSeen, isThisDevice: device.isThisDevice)
                let mark = device.isThisDevice ? " (this one)" : ""
                try output.record(
                    record, text: "\(device.number)  \(device.state.rawValue)  \(output.foreign(device.name))\(mark)")
            }
        }
    }
}
