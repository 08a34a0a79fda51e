/// Who may import what: the arrows of docs/design.md §10, a line for each module under Sources.
enum Arrows {
    static let allowed: [String: Set<String>] = [
        // Kits, the only ones to see their C library.
        "SodiumKit": ["CSodium", "SealpostFormats", "Synchronization"] + libc,
        "CurlKit": ["CCurl", "Synchronization"] + libc,
        "PostgresKit": ["CPostgres", "Synchronization"] + foundation + libc,

        // What both sides know. The first two also run in the browser: the standard library and nothing else of Swift's.
        "SealpostFormats": [],
        "Ratchet": ["SealpostFormats", "SodiumKit", "Crypto"],
        "SealpostCore": ["SealpostFormats"] + foundation,

        // The server side.
        "SealpostStore": ["SealpostCore", "SealpostFormats", "SodiumKit"] + foundation + libc,
        "SealpostStoreSQLite": [
            "SealpostStore", "SealpostCore", "SealpostFormats", "Migrations", "SodiumKit", "GRDB", "Synchronization",
            "Dispatch", "Logging",
        ] + foundation + libc,
        "SealpostStorePostgres": [
            "SealpostStore", "SealpostCore", "SealpostFormats", "Migrations", "PostgresKit", "SodiumKit",
            "Synchronization", "Logging",
        ] + foundation + libc,
        "SealpostDelivery": [
            "SealpostStore", "SealpostCore", "SealpostFormats", "SodiumKit", "CurlKit", "Synchronization", "Logging",
            "Metrics", "ServiceLifecycle",
        ] + foundation,
        "SealpostServer": [
            "SealpostDelivery", "SealpostStore", "SealpostStoreSQLite", "SealpostStorePostgres", "SealpostCore",
            "SealpostFormats", "SodiumKit",
            "CurlKit", "Synchronization", "Dispatch", "Logging", "Metrics", "ServiceLifecycle", "UnixSignals",
            "Configuration", "Crypto", "JWTKit", "Hummingbird", "HummingbirdCore", "APIDescription", "HTTPTypes",
            "NIOCore", "NIOPosix", "NIOHTTP1",
            "NIOHTTPTypes",
        ] + foundation + libc,

        // The client side.
        "SealpostClient": [
            "Ratchet", "SealpostCore", "SealpostFormats", "SodiumKit", "CurlKit", "GRDB", "Crypto", "Synchronization",
            "Dispatch",
        ] + foundation + libc,

        "SealpostBench": [
            "SealpostCore", "SealpostFormats", "SodiumKit", "CurlKit", "Synchronization", "Dispatch",
        ] + foundation + libc,

        // Where both meet.
        "sealpost": [
            "SealpostServer", "SealpostClient", "SealpostBench", "SealpostCore", "SealpostFormats", "SodiumKit",
            "CurlKit", "SealpostStore",
            "ArgumentParser", "Synchronization", "Dispatch", "Logging",
        ] + foundation + libc,

        // For tests.
        "SealpostTesting": [
            "SealpostStore", "SealpostCore", "SealpostFormats", "SodiumKit", "Testing", "Synchronization", "Dispatch",
        ] + foundation + libc,
    ]

    static let foundation: Set = ["Foundation", "FoundationEssentials"]
    static let libc: Set = ["Glibc", "Musl", "Darwin"]

    /// Everything that `module` can see, directly or through others.
    static func reach(of module: String) -> Set<String> {
        var reached: Set<String> = []
        var next = [module]
        while let current = next.popLast() {
            for imported in allowed[current] ?? [] where reached.insert(imported).inserted {
                next.append(imported)
            }
        }
        return reached
    }
}

private func + (names: Set<String>, more: Set<String>) -> Set<String> {
    names.union(more)
}
