import ArgumentParser
import Foundation
import SealpostServer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service.",
        discussion: """
            Without configuration it listens on 127.0.0.1:8080 and keeps everything in
            ./data. With --database, any number of nodes keep it in one PostgreSQL; all
            of them need the same keyring. Flags win over the environment, that over the
            file, that over the defaults. SIGTERM and Ctrl-C end it gracefully.

            SETTINGS
            \(ServerSettings.help)

            EXAMPLES
              sealpost serve
              sealpost serve --listen-port 9000 --data-folder /var/lib/sealpost
              sealpost serve --config sealpost.json --print-config
              SEALPOST_DATABASE=postgres://sealpost:…@db.example/sealpost sealpost serve
            """)

    @Option(name: .long, help: ArgumentHelp("A JSON file of settings.", valueName: "path"))
    var config: String?

    @Flag(name: .long, help: "Print the settings in force, secrets masked, and end.")
    var printConfig = false

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Settings: --listen-port 9000", valueName: "setting"))
    var settings: [String] = []

    func run() async throws {
        let configuration = try ServerSettings.load(settings, file: config)
        let output = Output(json: false)
        guard !printConfig else { return try output.write(configuration.listing) }
        try await ServerSettings.translatingErrors {
            let (ports, continuation) = AsyncStream<Int>.makeStream()
            let app = try await SealpostApp.build(configuration: configuration) { port in
                continuation.yield(port)
                continuation.finish()
            }
            async let announced: Void = announce(app, ports, output)
            defer { continuation.finish() }
            try await app.runUntilSignal()
            continuation.finish()
            await announced
        }
    }

    /// Says where the service is once its port is open, and after the first start what to try.
    private func announce(_ app: SealpostApp, _ ports: AsyncStream<Int>, _ output: Output) async {
        for await port in ports {
            let url = "http://\(app.configuration.host):\(port)"
            let welcome = SealpostApp.welcome(url: url, command: ToolPath.command)
            let words = app.isFirstRun ? welcome : String(welcome.prefix { $0 != "\n" })
            // A service whose starter does not listen runs all the same.
            try? output.write(words)
        }
    }
}
