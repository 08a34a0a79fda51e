import SealpostDelivery
import ServiceLifecycle

/// Closes the store after everything that uses it has ended, and lets its place go. First in the group, so last to leave.
struct StorageService: Service {
    let storage: Storage

    func run() async throws {
        try? await gracefulShutdown()
        await storage.close()
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
