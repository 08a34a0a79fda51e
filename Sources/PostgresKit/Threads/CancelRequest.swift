import CPostgres
import Synchronization

/// A request to a server to end the statement that a connection waits for.
///
/// libpq waits until the server has done it, which a frozen one never does: hence on a thread of its own, that rings the
/// bell when it is over. Until then the connection must not send another statement, for the request could hit that.
final class CancelRequest: Sendable {
    private let over = Atomic(false)

    var isOver: Bool { over.load(ordering: .acquiring) }

    init(to handle: OpaquePointer, bell: Bell) throws(PostgresError) {
        guard let pointer = PQgetCancel(handle) else { throw .unreachable("no memory to cancel a statement") }
        let ticket = Ticket(pointer: pointer)
        try OwnThread.start { [self] in
            ticket.send()
            over.store(true, ordering: .releasing)
            bell.ring()
        }
    }
}

/// What libpq needs to know for it, which is not the connection itself.
private final class Ticket: @unchecked Sendable {
    // Safe: nothing changes it between its making and its end, and PQcancel may be called from any thread.
    private let pointer: OpaquePointer

    init(pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQfreeCancel(pointer) }

    func send() {
        var reason = [CChar](repeating: 0, count: 256)
        // If the server cannot be asked the statement's own time-out ends it.
        _ = PQcancel(pointer, &reason, Int32(reason.count))
    }
}
