import ArgumentParser
import SealpostServer

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the store's schema up to date, and end.",
        discussion: """
            sealpost serve does it at its start, too. Takes the same settings.

            EXAMPLES
              sealpost migrate --data-folder /var/lib/sealpost
              sealpost migrate --database postgres://sealpost@db.example/sealpost
            """)

    @Option(name: .long, help: ArgumentHelp("A JSON file of settings.", valueName: "path"))
    var config: String?

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Settings, as for serve.", valueName: "setting"))
    var settings: [String] = []

    func run() async throws {
        let configuration = try ServerSettings.load(settings, file: config)
        try await ServerSettings.translatingErrors { try await SealpostApp.migrate(configuration: configuration) }
        Output(json: false).talk("the store \(configuration.storeDescription) is up to date")
    }
}
