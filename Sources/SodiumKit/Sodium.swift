import CSodium

/// libsodium, started once.
enum Sodium {
    /// Starts libsodium on first use, from any thread. It picks its implementations and opens the source of
    /// randomness; without that nothing here may run, and there is nothing a caller could do about it.
    static func start() { precondition(isStarted, "libsodium could not be initialised") }

    private static let isStarted = sodium_init() >= 0
}
