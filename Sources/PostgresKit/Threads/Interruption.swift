import Synchronization

/// How one piece of work on a connection is told to stop, from any thread.
final class Interruption: Sendable {
    /// What it does to a statement under way.
    enum Effect: Sendable {
        /// The server is asked to end it, and the connection can be used afterwards.
        case cancelsStatement
        /// Nobody waits for the server any more; the connection is of no further use.
        case endsConnection
    }

    let effect: Effect
    private let raised = Atomic(false)
    private let bell: Bell

    init(_ effect: Effect = .cancelsStatement, bell: Bell) {
        self.effect = effect
        self.bell = bell
    }

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        raised.store(true, ordering: .releasing)
        bell.ring()
    }
}
