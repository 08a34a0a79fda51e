import SealpostCore
import Synchronization
import Testing

@testable import SealpostClient

/// Becoming a device, also where two machines want to be the first or the way is interrupted.
@Suite(.timeLimit(.minutes(10)))
struct ClientRegistrationTests {
    private func logIn(
        _ handle: String, at service: Service, _ folder: Folder, _ name: String,
        environment: ClientEnvironment = .system
    ) async throws -> Messenger {
        try await Messenger.logIn(
            Registration(
                server: service.url, handle: try #require(Handle(handle)), password: "correct horse",
                deviceName: name),
            at: ProfileLocation(directory: folder.file(name)), options: Messenger.Options(environment: environment))
    }

    @Test func ofTwoMachinesOfAnAccountWithoutAKeyTheSlowerOneKeepsItsKeyAndIsLinkedAnew() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        _ = try await API.register("alice", at: service.url)
        // The slow one has signed a first list when it is interrupted.
        let slow = Mutex<Task<Void, any Error>?>(nil)
        var environment = ClientEnvironment.system
        environment.reached = { point in
            if point == .listSigned { slow.withLock { $0?.cancel() } }
        }
        let interrupting = environment
        let task = Task { _ = try await logIn("alice", at: service, folder, "slow", environment: interrupting) }
        slow.withLock { $0 = task }
        await #expect(throws: ClientError.self) { try await task.value }

        let quick = try await logIn("alice", at: service, folder, "quick")
        #expect(try await quick.identity().holdsAccountKey)
        // It cannot tell a quicker machine from a server that names a key of its own: it follows neither.
        let location = ProfileLocation(directory: folder.file("slow"))
        await #expect {
            _ = try await Messenger.open(location)
        } throws: { error in
            if case ClientError.untrusted(let failure) = error {
                failure.reason == .ownAccountKeyChanged
            } else {
                false
            }
        }
        let refused = try await Messenger.openStored(location, options: Messenger.Options())
        #expect(try await refused.identity().holdsAccountKey)
        #expect(try await refused.identity().accountKey != quick.identity().accountKey)
        try refused.close()

        let other = try await logIn("alice", at: service, folder, "slow-again")
        #expect(try await other.identity().state == .pending)
        #expect(try await !other.identity().holdsAccountKey)
        try await quick.approve(try await other.identity().device, code: try await other.linkCode())
        #expect(try await other.checkApproval())
        #expect(try await other.identity().accountKey == quick.identity().accountKey)
    }

    @Test func aDeviceSignsInAgainByPasswordOrByTheAccountKey() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let bob = try await Person.register("bob", at: service, in: folder)
        try await alice.messenger.signOut()
        await #expect(throws: ClientError.self) { try await alice.messenger.receive { _ in } }
        try await alice.messenger.signIn(password: Person.password)
        try await bob.send("one", to: alice)
        #expect(try await alice.texts() == ["one"])

        try await alice.messenger.signOut()
        try await alice.messenger.signInWithAccountKey()
        try await bob.send("two", to: alice)
        #expect(try await alice.texts() == ["two"])
    }

    @Test func aDeviceThatWasTakenOffTheListIsRemoved() async throws {
        let (service, folder) = (try await Service.start(), try Folder())
        let alice = try await Person.register("alice", at: service, in: folder)
        let second = try await alice.device(2, at: service, in: folder)
        let number = try #require(DeviceNumber(2))
        // Only taken off the list: its session still works, and it learns of it.
        try await alice.messenger.profile.transaction { try $0.draftList { $0.filter { $0.number != number } } }
        try await alice.messenger.publishDraft()
        try await second.messenger.refreshOwnList()
        await #expect(throws: ClientError.self) { try await second.messenger.receive { _ in } }
        #expect(try await second.messenger.identity().state == .removed)
        await #expect(throws: ClientError.self) {
            try await second.messenger.send(.text("still here"), to: alice.handle)
        }
    }
}
