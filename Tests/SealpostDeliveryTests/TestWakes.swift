import SealpostStore
import SealpostTesting
import ServiceLifecycle
import Synchronization
import Testing

@testable import SealpostDelivery

/// Carries wakes between services of one process, as nodes on one store. A test can have it lose them.
final class TestWakes: Sendable {
    private struct State {
        /// Nodes that hear.
        var nodes: [Int: @Sendable (WakeEvent) -> Void] = [:]
        var isLosing: @Sendable () -> Bool = { false }
        var published: [[RemoteWake]] = []
    }

    private struct Node: WakeChannel {
        let number: Int
        let link: TestWakes

        func publish(_ wakes: [RemoteWake]) { link.publish(wakes, from: number) }

        func run(_ handle: @escaping @Sendable (WakeEvent) -> Void) async {
            link.state.withLock { $0.nodes[number] = handle }
            let (never, end) = AsyncStream.makeStream(of: Void.self)
            for await _ in never {}
            end.finish()
            link.state.withLock { $0.nodes[number] = nil }
        }
    }

    private let state = Mutex(State())

    func channel(_ number: Int) -> any WakeChannel { Node(number: number, link: self) }

    /// Nodes that hear and send.
    var running: Int { state.withLock(\.nodes.count) }
    /// What was handed to the channel, also what it lost.
    var published: [[RemoteWake]] { state.withLock(\.published) }

    /// From now on loses what is published when this says so.
    func lose(_ isLosing: @escaping @Sendable () -> Bool = { true }) {
        state.withLock { $0.isLosing = isLosing }
    }

    /// Goes down: nothing is carried until `connect`.
    func disconnect() {
        lose()
        tell(.disconnected("for a test"))
    }

    /// Comes up (again).
    func connect() {
        lose { false }
        tell(.connected)
    }

    private func tell(_ event: WakeEvent) {
        for node in state.withLock({ Array($0.nodes.values) }) { node(event) }
    }

    private func publish(_ wakes: [RemoteWake], from number: Int) {
        let others = state.withLock { state -> [@Sendable (WakeEvent) -> Void] in
            state.published.append(wakes)
            // Only a node that runs sends.
            guard !state.isLosing(), state.nodes[number] != nil else { return [] }
            return state.nodes.filter { $0.key != number }.map(\.value)
        }
        for node in others { node(.woken(wakes)) }
    }
}

/// Two services on one store that tell each other of what they commit.
struct TwoNodes: Sendable {
    let people: StoreFixture
    let one: MailFixture
    let two: MailFixture
    let wakes: TestWakes
    /// Accounts that node two heard of having changed.
    let changedAccounts: Accounts
    fileprivate let life: ServiceGroup

    final class Accounts: Sendable {
        private let ids = Mutex<[AccountID]>([])

        var all: [AccountID] { ids.withLock { $0 } }
        func add(_ id: AccountID) { ids.withLock { $0.append(id) } }
    }

    /// Has node one finish what it has under way, until it takes nothing more.
    func beginShutdown(ofOneAskedBy person: Person) async throws {
        await life.triggerGracefulShutdown()
        let ack = Ack(mailbox: try person.mailbox(1), extent: .through(.start))
        while (try? await one.mail.acknowledge(ack)) != nil { await Task.yield() }
    }

    /// Runs two services for the time of `body`.
    ///
    /// - Parameter recheckInterval: the default is one that no test sees the end of.
    static func run(
        recheckInterval: Duration = .seconds(3600), sweepInterval: Duration = .seconds(3600),
        _ body: (TwoNodes) async throws -> Void
    ) async throws {
        let people = try await StoreFixture(.sqlite)
        let wakes = TestWakes()
        let accounts = Accounts()
        var upkeep = Upkeep()
        upkeep.recheckInterval = recheckInterval
        upkeep.revocationInterval = .seconds(3600)
        upkeep.sweepInterval = .seconds(3600)
        let two = MailFixture(
            people, wakes: wakes.channel(2), onAccountChanged: { accounts.add($0) }, upkeep: upkeep)
        upkeep.sweepInterval = sweepInterval
        let one = MailFixture(people, wakes: wakes.channel(1), upkeep: upkeep)
        let life = ServiceGroup(services: [one.mail], logger: MailFixture.logger)
        try await withThrowingTaskGroup { group in
            group.addTask { try await life.run() }
            group.addTask { try await two.mail.run() }
            while wakes.running < 2 { await Task.yield() }
            try await body(
                TwoNodes(people: people, one: one, two: two, wakes: wakes, changedAccounts: accounts, life: life))
            group.cancelAll()
        }
        #expect(one.mail.openPolls == 0 && two.mail.openPolls == 0)
        await people.store.close()
    }
}
