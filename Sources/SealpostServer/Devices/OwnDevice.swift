import SealpostCore
import SealpostStore

/// The device in a path that only itself may touch.
enum OwnDevice {
    /// The caller's own device; throws for any other: 404 where the account has no such device, else 403.
    static func named(
        by call: Call, _ principal: Principal, in store: any MailStore
    ) async throws -> MailboxKey {
        let number = try call.device()
        if principal.device == number { return MailboxKey(account: principal.account, device: number) }
        guard try await store.devices(of: principal.account).contains(where: { $0.number == number }) else {
            throw unknown(number)
        }
        _ = try principal.mailbox()
        throw Problem(.forbidden, "only device \(number) itself may do this")
    }

    static func unknown(_ number: DeviceNumber) -> Problem {
        Problem(.notFound, "the account has no device \(number)", member: "device")
    }
}
