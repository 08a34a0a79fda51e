import SealpostCore

/// What it takes to make an account or to sign in on a new machine.
public struct Registration: Sendable {
    public var server: String
    public var handle: Handle
    public var password: String
    /// The name of this device for people, 1 to 64 characters.
    public var deviceName: String
    /// For `register` only.
    public var email: String?
    public var invite: String?

    public init(
        server: String, handle: Handle, password: String, deviceName: String, email: String? = nil,
        invite: String? = nil
    ) {
        self.server = server
        self.handle = handle
        self.password = password
        self.deviceName = deviceName
        self.email = email
        self.invite = invite
    }
}
