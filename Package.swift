// swift-tools-version: 6.3
import PackageDescription

/// The libraries from outside, by the name that targets use for them.
enum Outside {
    static let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
    static let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
    static let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
    static let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
    static let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
    static let jwt = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
    static let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let log = Target.Dependency.product(name: "Logging", package: "swift-log")
}

let package = Package(
    name: "sealpost",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "sealpost", targets: ["sealpost"]),
        .library(name: "SealpostClient", targets: ["SealpostClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.1"),
    ],
    targets: [
        // C libraries: a module map and a shim header, nothing else.
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),

        // Kits: a C library made safe.
        .target(name: "SodiumKit", dependencies: ["CSodium", "SealpostFormats"]),
        .target(name: "CurlKit", dependencies: ["CCurl"]),
        .target(name: "PostgresKit", dependencies: ["CPostgres"]),

        // What both sides know.
        .target(name: "SealpostFormats"),
        .target(name: "Ratchet", dependencies: ["SealpostFormats", "SodiumKit", Outside.crypto]),
        .target(name: "SealpostCore", dependencies: ["SealpostFormats"]),

        // The server side.
        .target(name: "Migrations", path: "Migrations", resources: [.embedInCode("sqlite"), .embedInCode("postgres")]),
        // The API's description inside the binary, by C23's #embed: as Swift it would compile for most of a minute.
        .target(
            name: "APIDescription", path: "api-spec", exclude: ["openapi.yaml", "vectors"],
            sources: ["embed/openapi.c"],
            publicHeadersPath: "embed/include"),
        .target(name: "SealpostStore", dependencies: ["SealpostCore", "SodiumKit"]),
        .target(
            name: "SealpostStoreSQLite", dependencies: ["SealpostStore", "Migrations", "SodiumKit", Outside.grdb]),
        .target(
            name: "SealpostStorePostgres",
            dependencies: ["SealpostStore", "Migrations", "PostgresKit", "SodiumKit", Outside.log]),
        .target(name: "SealpostDelivery", dependencies: ["SealpostStore", Outside.lifecycle, Outside.log]),
        .target(
            name: "SealpostServer",
            dependencies: [
                "APIDescription", "SealpostDelivery", "SealpostStoreSQLite", "SealpostStorePostgres", "SodiumKit",
                Outside.configuration,
                Outside.crypto, Outside.hummingbird, Outside.jwt, Outside.lifecycle, Outside.log,
            ]),

        // The client side.
        .target(
            name: "SealpostClient",
            dependencies: ["SealpostCore", "Ratchet", "SodiumKit", "CurlKit", Outside.grdb]),

        // Load for a running server.
        .target(name: "SealpostBench", dependencies: ["SealpostCore", "SealpostFormats", "CurlKit", "SodiumKit"]),

        .executableTarget(
            name: "sealpost",
            dependencies: ["SealpostServer", "SealpostClient", "SealpostBench", Outside.argumentParser]),

        // Tests.
        .target(name: "SealpostTesting", dependencies: ["SealpostStore", "SodiumKit"]),
        .testTarget(name: "SodiumKitTests", dependencies: ["SodiumKit"]),
        .testTarget(name: "CurlKitTests", dependencies: ["CurlKit", "SealpostTesting"], exclude: ["Server/server.py"]),
        .testTarget(name: "PostgresKitTests", dependencies: ["PostgresKit", "SealpostTesting"]),
        .testTarget(name: "SealpostFormatsTests", dependencies: ["SealpostFormats", "SodiumKit"]),
        .testTarget(name: "RatchetTests", dependencies: ["Ratchet", "SealpostTesting"]),
        .testTarget(name: "SealpostCoreTests", dependencies: ["SealpostCore"]),
        .testTarget(name: "SealpostStoreSQLiteTests", dependencies: ["SealpostStoreSQLite", "SealpostTesting"]),
        .testTarget(
            name: "SealpostStorePostgresTests",
            dependencies: ["SealpostStorePostgres", "PostgresKit", "Migrations", "SealpostTesting"]),
        .testTarget(
            name: "SealpostDeliveryTests", dependencies: ["SealpostDelivery", "SealpostStoreSQLite", "SealpostTesting"]),
        .testTarget(name: "SealpostServerTests", dependencies: ["SealpostServer", "SealpostTesting", "CurlKit"]),
        .testTarget(name: "SealpostClientTests", dependencies: ["SealpostClient", Outside.grdb]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(
            name: "EndToEnd",
            dependencies: [
                "sealpost", "SealpostClient", "SealpostTesting", "CurlKit", "SodiumKit", Outside.hummingbird,
                Outside.log,
            ]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c2x
)

// CI makes warnings errors in our own targets; those of dependencies are not ours to mend.
if Context.environment["SEALPOST_STRICT"] == "1" {
    for target in package.targets where target.type != .system {
        target.swiftSettings = (target.swiftSettings ?? []) + [.treatAllWarnings(as: .error)]
    }
}
