import CPostgres
import Glibc

/// An event descriptor that ends a connection's wait for its socket. Whoever is woken looks for the reason, and may find
/// none: it may have been rung for work that is over.
final class Bell: Sendable {
    enum Event {
        case socket
        case bell
        case time
    }

    private let descriptor: Int32

    init() throws(PostgresError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else { throw .unreachable("no descriptor for a connection (errno \(errno))") }
    }

    deinit { close(descriptor) }

    func ring() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Waits for events of a socket (−1: none), for the bell, which is silent afterwards, or until a time (nil: for
    /// ever).
    func wait(
        for events: Int32 = POLLIN, of socket: Int32, until deadline: ContinuousClock.Instant?
    ) throws(PostgresError) -> Event {
        var places = (
            pollfd(fd: socket, events: Int16(events), revents: 0),
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        )
        while true {
            let rest = deadline.map { ContinuousClock.now.duration(to: $0) }
            // Rounded up: a wait that ends too early would be repeated at once.
            let milliseconds = rest.map { $0 > .zero ? $0.milliseconds + 1 : 0 } ?? -1
            let count = withUnsafeMutableBytes(of: &places) { places in
                poll(places.assumingMemoryBound(to: pollfd.self).baseAddress, 2, Int32(clamping: milliseconds))
            }
            if count < 0 {
                guard errno == EINTR else { throw .connectionLost("poll failed (errno \(errno))") }
                continue
            }
            if places.1.revents != 0 {
                var value: UInt64 = 0
                _ = read(descriptor, &value, MemoryLayout<UInt64>.size)
                return .bell
            }
            if places.0.revents != 0 { return .socket }
            if let deadline, ContinuousClock.now >= deadline { return .time }
        }
    }
}
