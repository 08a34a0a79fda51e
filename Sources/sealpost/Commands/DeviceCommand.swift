import ArgumentParser

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "List, link, approve and remove the account's devices.",
        discussion: """
            A new device is linked in two steps: on the new machine, device link shows an
            address and a code; on the machine that registered the account, device
            approve takes them. Only then do others send to the new device.

            EXAMPLES
              sealpost device link alice --profile phone
              sealpost device approve alice.2
              sealpost device list
              sealpost device remove 2
            """,
        subcommands: [
            DeviceListCommand.self, DeviceLinkCommand.self, DeviceApproveCommand.self, DeviceRemoveCommand.self,
        ],
        defaultSubcommand: nil)
}
