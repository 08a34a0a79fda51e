import CCurl
import Synchronization

/// Sends HTTP requests, any number at a time, on one thread of its own.
///
/// Connections are kept and used again. Redirects are not followed, cookies not kept, certificates always checked.
/// A request on a kept connection that turns out to be dead, with nothing of an answer there, is sent again on a new
/// connection: what must not happen twice needs a name of its own in the request.
package final class HTTPClient: Sendable {
    private let configuration: Configuration
    private let queue: CommandQueue
    /// `nil` once it is joined, or about to be.
    private let thread: Mutex<LoopThread?>

    /// Once in a process, before anything else of libcurl.
    private static let libraryIsReady = ccurl_global_init() == CURLE_OK

    /// Throws `noResources` when there is no descriptor, memory or thread left.
    package init(_ configuration: Configuration = Configuration()) throws(TransferError) {
        guard Self.libraryIsReady else {
            throw TransferError(.noResources, detail: "libcurl cannot start")
        }
        let poller = try Poller()
        let queue = CommandQueue(poller: poller)
        let loop = try EventLoop(queue: queue, poller: poller, configuration: configuration)
        self.configuration = configuration
        self.queue = queue
        thread = Mutex(try LoopThread(running: loop))
    }

    deinit {
        close()
    }

    /// Sends `request` and returns the whole answer, whatever its status.
    ///
    /// Cancelling the task ends the transfer and closes its connection.
    package func send(_ request: Request) async throws(TransferError) -> Response {
        let handle = try queue.takeHandle()
        // Runs when no lane has the handle: before the transfer started, or after its outcome is there.
        defer { queue.giveBack(handle) }
        try handle.prepare(request, configuration)
        let transfer = Transfer(easy: handle, request: request)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                transfer.wait(with: continuation)
                queue.start(transfer)
            }
        } onCancel: {
            queue.cancel(transfer)
        }
        return try outcome.get()
    }

    /// Fails what is under way with `closed`, closes the connections and waits for the thread's end, which takes no
    /// longer than that. Afterwards every request fails with `closed`. A second call does nothing.
    package func close() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        queue.close()
        thread.join()
    }
}
