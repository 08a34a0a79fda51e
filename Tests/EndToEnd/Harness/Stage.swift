import Foundation
import SealpostTesting

/// A service with people at it.
struct Stage: Sendable {
    let service: Service
    let folder: Folder

    static func set(environment: [String: String] = [:]) async throws -> Stage {
        Stage(service: try await Service.start(environment: environment), folder: try Folder())
    }

    /// A profile that has no account yet.
    func newcomer(_ name: String) -> Profile { Profile(name, in: folder, server: service.url) }

    /// A registered person at a first device.
    func person(_ name: String) async throws -> Profile {
        let profile = newcomer(name)
        try await profile.json("register", name)
        return profile
    }

    /// A further device of a person, linked and approved.
    func device(_ name: String, of owner: Profile) async throws -> Profile {
        let device = newcomer(name)
        guard let request = try await device.json("device", "link", owner.name).first,
            let address = request["address"].string, let code = request["code"].string
        else { throw Failure("device link said nothing") }
        try await owner.json("device", "approve", address, "--code", code)
        // The first fetch finds the list that names it.
        try await device.json("fetch")
        return device
    }

    /// The HTTP of a person's device, by a token that the tool made.
    func api(of profile: Profile, scopes: [String] = ["mailbox", "deposit"]) async throws -> API {
        let token = try await profile.json("token", "create", "test", "--scopes", scopes.joined(separator: ","))
        guard let text = token.first?["token"].string else { throw Failure("no token") }
        return try service.api(token: text)
    }
}
