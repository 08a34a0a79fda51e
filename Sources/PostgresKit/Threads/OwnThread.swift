import Glibc

/// A thread for what blocks.
enum OwnThread {
    /// Runs `body` on a thread of its own. Throws when the system has none to give.
    static func start(_ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        var thread = pthread_t()
        // Retained for the thread, which takes it over; released here when there is no thread.
        let work = Unmanaged.passRetained(Work(body: body))
        let code = pthread_create(&thread, nil, threadBody, work.toOpaque())
        guard code == 0 else {
            work.release()
            throw .unreachable("no thread for a connection (errno \(code))")
        }
        pthread_detach(thread)
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func threadBody(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    blockSignals()
    guard let pointer else { return nil }
    Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
    return nil
}

/// Signals meant for the process go to its other threads, and writing to a connection that is gone is an error and no
/// SIGPIPE. What a crash raises stays, so that it is reported.
private func blockSignals() {
    var signals = sigset_t()
    sigfillset(&signals)
    for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP] {
        sigdelset(&signals, crash)
    }
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
