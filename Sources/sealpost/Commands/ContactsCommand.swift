import ArgumentParser
import SealpostClient
import SealpostCore

struct ContactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contacts",
        abstract: "Show the accounts that this profile knows.",
        discussion: """
            With a handle, the service is asked first, and its answer checked.

            EXAMPLES
              sealpost contacts
              sealpost contacts bob
              sealpost contacts --json | jq -r 'select(.verified | not).handle'
            """)

    @Argument(help: ArgumentHelp("Look this account up.", valueName: "handle"))
    var handle: Handle?

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var handle: Handle
        var name: String?
        var verified: Bool
        var keyChanged: Bool
        var listVersion: UInt64
        var devices: [UInt32]
        var accountKey: Base64
        var firstSeen: Timestamp

        enum CodingKeys: String, CodingKey {
            case handle, name, verified, devices
            case keyChanged = "key_changed"
            case listVersion = "list_version"
            case accountKey = "account_key"
            case firstSeen = "first_seen"
        }
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            let contacts =
                if let handle { [try await messenger.lookUp(handle)] } else { try await messenger.contacts() }
            for contact in contacts { try show(contact) }
        }
    }

    private func show(_ contact: Contact) throws {
        let output = options.output
        let record = Record(
            handle: contact.handle, name: contact.name, verified: contact.verified,
            keyChanged: contact.offeredKey != nil, listVersion: contact.listVersion,
            devices: contact.devices.map(\.value), accountKey: contact.accountKey, firstSeen: contact.firstSeen)
        let trust = contact.verified ? "verified" : "not verified"
        let change = contact.offeredKey == nil ? "" : ", " + output.warning("key changed")
        let devices = contact.devices.map(\.description).joined(separator: ", ")
        let name = contact.name.map { "  \(output.foreign($0))" } ?? ""
        try output.record(record, text: "\(contact.handle)  \(trust)\(change), devices \(devices)\(name)")
    }
}
