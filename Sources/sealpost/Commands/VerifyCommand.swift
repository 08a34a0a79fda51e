import ArgumentParser
import SealpostClient
import SealpostCore

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Show the safety number with a contact, and note that it was compared.",
        discussion: """
            Both sides see the same 60 digits unless someone sits between them. Compare
            them where nobody can sit between you, then note it with --yes. If a contact's
            account key changed, nothing is sent until you take the new one with --accept
            or refuse it with --reject.

            EXAMPLES
              sealpost verify bob
              sealpost verify bob --qr
              sealpost verify bob --yes
              sealpost verify bob --accept
            """)

    @Argument(help: ArgumentHelp("The contact.", valueName: "handle"))
    var handle: Handle

    @Flag(name: .long, help: "Note that the numbers were compared and are the same.")
    var yes = false

    @Flag(name: .long, help: "Take that note back.")
    var no = false

    @Flag(name: .long, help: "Take the new account key of the contact; compare numbers after that.")
    var accept = false

    @Flag(name: .long, help: "Keep the known account key: the new one is not the contact's. Sending goes on with it.")
    var reject = false

    @Flag(name: .long, help: "Show the digits as a QR code, too.")
    var qr = false

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var handle: Handle
        var safetyNumber: String
        var verified: Bool
        var keyChanged: Bool

        enum CodingKeys: String, CodingKey {
            case handle, verified
            case safetyNumber = "safety_number"
            case keyChanged = "key_changed"
        }
    }

    func validate() throws {
        guard [yes, no, accept, reject].count(where: { $0 }) <= 1 else {
            throw ValidationError("--yes, --no, --accept and --reject: give one of them")
        }
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            if try await messenger.contacts().contains(where: { $0.handle == handle }) == false {
                try await messenger.lookUp(handle)
            }
            if accept { try await messenger.acceptAccountKey(of: handle) }
            if reject { try await messenger.rejectAccountKey(of: handle) }
            if yes || no { try await messenger.setVerified(yes, handle) }
            let number = try await messenger.safetyNumber(with: handle)
            let contact = try await messenger.contact(handle)
            let record = Record(
                handle: handle, safetyNumber: number, verified: contact.verified,
                keyChanged: contact.offeredKey != nil)
            try options.output.record(record, text: text(number, contact))
        }
    }

    private func text(_ number: String, _ contact: Contact) -> String {
        var lines = Self.groups(number)
        if qr, let code = QRCode(number) { lines += [""] + code.lines.map(options.output.picture) }
        lines.append("\(handle) is \(contact.verified ? "verified" : "not verified")")
        if contact.offeredKey != nil {
            lines.append("the service names another account key for \(handle): see --accept and --reject")
        }
        return lines.joined(separator: "\n")
    }

    /// Twelve groups of five digits, four a line.
    static func groups(_ number: String) -> [String] {
        let digits = Array(number)
        let groups = stride(from: 0, to: digits.count, by: 5).map { String(digits[$0..<min($0 + 5, digits.count)]) }
        return stride(from: 0, to: groups.count, by: 4).map { start in
            groups[start..<min(start + 4, groups.count)].joined(separator: " ")
        }
    }
}
