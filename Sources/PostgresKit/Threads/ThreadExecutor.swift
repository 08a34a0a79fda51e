import Glibc
import Synchronization

/// Runs the jobs of one actor on a thread of their own, one after the other: waiting for a database blocks, and the
/// cooperative pool must not.
final class ThreadExecutor: SerialExecutor {
    private let jobs: JobQueue

    /// Throws when the system has no thread to give.
    init() throws(PostgresError) {
        jobs = JobQueue()
        // The executor's actor is alive while it has a job, and so is the executor.
        jobs.executor.withLock { $0 = asUnownedSerialExecutor() }
        try OwnThread.start { [jobs] in jobs.serve() }
    }

    func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job)) }

    deinit { jobs.stop() }
}

/// What an executor and its thread share. The thread keeps it, and not the executor: so the executor can go.
private final class JobQueue: Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopped = false
    }

    let executor = Mutex<UnownedSerialExecutor?>(nil)
    private let state = Mutex(State())
    private let news = Semaphore()

    func add(_ job: UnownedJob) {
        state.withLock { $0.jobs.append(job) }
        news.signal()
    }

    func stop() {
        state.withLock { $0.isStopped = true }
        news.signal()
    }

    func serve() {
        while true {
            let (jobs, isStopped) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopped)
            }
            if jobs.isEmpty {
                if isStopped { return }
                news.wait()
            }
            guard let executor = executor.withLock({ $0 }) else { continue }
            for job in jobs { job.runSynchronously(on: executor) }
        }
    }
}

/// POSIX's, at an address that stays.
private final class Semaphore: @unchecked Sendable {
    // Safe: every function on it may be called from any thread, and the address never changes.
    private let pointer = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() { sem_init(pointer, 0, 0) }

    func signal() { sem_post(pointer) }

    func wait() { while sem_wait(pointer) != 0, errno == EINTR {} }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }
}
