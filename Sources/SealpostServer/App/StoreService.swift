import SealpostDelivery
import SealpostStore
import ServiceLifecycle

/// Closes the store after everything that uses it has ended, and lets the folder go. First in the group, so last to leave.
struct StoreService: Service {
    let store: any MailStore
    let folder: DataFolder

    func run() async throws {
        try? await gracefulShutdown()
        await store.close()
        folder.lock.release()
    }
}

/// Begins the leaving: readiness goes false and parked polls are answered. Last in the group, so first to leave.
struct LeaveService: Service {
    let lifecycle: Lifecycle
    let mail: MailService

    func run() async throws {
        // Returns at the shutdown, or when cancelled: the same is to be done.
        try? await gracefulShutdown()
        lifecycle.drain()
        mail.drain()
    }
}
