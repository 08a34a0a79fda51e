import Foundation
import SealpostCore
import Synchronization
import Testing

@testable import SealpostClient

/// The real time, moved by as much as a test says.
final class MovedClock: Sendable {
    private let offset = Mutex(Duration.zero)

    var now: Timestamp { Timestamp.now + offset.withLock { $0 } }
    func move(_ duration: Duration) { offset.withLock { $0 += duration } }

    var environment: ClientEnvironment {
        var environment = ClientEnvironment.system
        environment.now = { self.now }
        return environment
    }
}

/// Somebody who uses the client library against a running service.
struct Person: Sendable {
    static let password = "correct horse battery staple"

    let messenger: Messenger
    let handle: Handle

    /// Registers a new account.
    static func register(
        _ name: String, at service: Service, in folder: Folder, clock: MovedClock = MovedClock()
    ) async throws -> Person {
        let handle = try #require(Handle(name))
        let messenger = try await Messenger.register(
            Registration(server: service.url, handle: handle, password: password, deviceName: "test"),
            at: ProfileLocation(directory: folder.file("\(name)-1")),
            options: Messenger.Options(environment: clock.environment))
        return Person(messenger: messenger, handle: handle)
    }

    /// Links another device and approves it.
    func device(
        _ number: UInt32, at service: Service, in folder: Folder, clock: MovedClock = MovedClock()
    ) async throws -> Person {
        let device = try await Messenger.logIn(
            Registration(server: service.url, handle: handle, password: Self.password, deviceName: "another"),
            at: ProfileLocation(directory: folder.file("\(handle)-\(number)")),
            options: Messenger.Options(environment: clock.environment))
        try await messenger.approve(try #require(DeviceNumber(number)), code: try await device.linkCode())
        #expect(try await device.checkApproval())
        return Person(messenger: device, handle: handle)
    }

    /// The first device's profile, opened again to talk to another address.
    func reopened(
        through url: String, in folder: Folder, clock: MovedClock = MovedClock()
    ) async throws -> Person {
        let messenger = try await Messenger.open(
            ProfileLocation(directory: folder.file("\(handle)-1")),
            options: Messenger.Options(server: url, environment: clock.environment))
        return Person(messenger: messenger, handle: handle)
    }

    @discardableResult
    func send(_ text: String, to other: Person) async throws -> OutboxReport {
        try await messenger.send(.text(text), to: other.handle)
        return try await messenger.drainOutbox(ignoringBackoff: true)
    }

    /// Everything that comes until the mailbox is empty.
    @discardableResult
    func receive() async throws -> [Message] {
        let messages = Mutex<[Message]>([])
        while true {
            let report = try await messenger.receive { message in messages.withLock { $0.append(message) } }
            guard report.more else { return messages.withLock { $0 } }
        }
    }

    /// The texts of what comes.
    func texts() async throws -> [String] {
        try await receive().compactMap { if case .text(let text, _) = $0.content { text } else { nil } }
    }
}
