import SealpostClient
import SealpostCore

/// Who a profile is, as `register`, `device link` and `whoami` print it.
struct IdentityRecord: Encodable {
    var handle: String
    var device: UInt32
    var address: String
    var state: String
    var holdsAccountKey: Bool
    var listVersion: UInt64
    var server: String
    var profile: String
    /// While the device waits for approval: what the holder of the account key compares.
    var code: String?

    enum CodingKeys: String, CodingKey {
        case handle, device, address, state, server, profile, code
        case holdsAccountKey = "holds_account_key"
        case listVersion = "list_version"
    }

    init(_ messenger: Messenger, profile: String) async throws {
        let identity = try await messenger.identity()
        handle = identity.handle.description
        device = identity.device.value
        address = "\(identity.handle).\(identity.device)"
        state = identity.state.rawValue
        holdsAccountKey = identity.holdsAccountKey
        listVersion = identity.listVersion
        server = identity.server
        self.profile = profile
        code = identity.state == .pending ? try await messenger.linkCode() : nil
    }

    var text: String {
        let key = holdsAccountKey ? ", holds the account key" : ""
        return "\(address) at \(server) (\(state)\(key))"
    }
}
