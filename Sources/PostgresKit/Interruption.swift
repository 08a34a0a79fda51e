import CPostgres
import Glibc
import Synchronization

/// How one piece of work on a connection is told to stop, from any thread.
final class Interruption: Sendable {
    private let raised = Atomic(false)
    private let bell: Bell

    init(bell: Bell) {
        self.bell = bell
    }

    var isRaised: Bool { raised.load(ordering: .acquiring) }

    func raise() {
        raised.store(true, ordering: .releasing)
        bell.ring()
    }
}

/// An event descriptor that ends a connection's wait for its socket.
final class Bell: Sendable {
    let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .unreachable("no descriptor for a connection (errno \(errno))") }
    }

    func ring() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func silence() {
        var value: UInt64 = 0
        _ = read(descriptor, &value, MemoryLayout<UInt64>.size)
    }

    deinit { close(descriptor) }
}
