import Glibc

/// The thread that runs an event loop.
struct LoopThread: Sendable {
    private let thread: pthread_t

    /// Starts the thread, which then owns the loop.
    init(running loop: sending EventLoop) throws(TransferError) {
        var thread = pthread_t()
        // Retained for the thread, which takes it over; released here when there is no thread.
        let pointer = Unmanaged.passRetained(loop).toOpaque()
        let code = pthread_create(&thread, nil, threadBody, pointer)
        guard code == 0 else {
            Unmanaged<EventLoop>.fromOpaque(pointer).release()
            throw TransferError(.noResources, detail: "no thread for transfers (errno \(code))")
        }
        self.thread = thread
    }

    /// Waits for the thread's end; once only.
    func join() {
        pthread_join(thread, nil)
    }
}

private func threadBody(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    blockSignals()
    guard let pointer else { return nil }
    Unmanaged<EventLoop>.fromOpaque(pointer).takeRetainedValue().run()
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
