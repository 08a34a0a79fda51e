import ArgumentParser

/// The options that every command of the client takes.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "The profile: a name under ~/.local/share/sealpost, or a path if it has a slash.",
            valueName: "name|path"))
    var profile = "default"

    @Option(
        name: .long,
        help: ArgumentHelp("The service; the profile keeps the one it began with.", valueName: "url"))
    var server: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Certificates to trust in the place of the system's, a PEM file.", valueName: "path"))
    var caFile: String?

    @Flag(name: .long, help: "Print JSON, one object per line.")
    var json = false

    var output: Output { Output(json: json) }

    func validate() throws {
        guard !profile.isEmpty, profile != ".", profile != ".." else {
            throw ValidationError("--profile: give a name, or a path with a slash")
        }
        if let server, !server.hasPrefix("http://"), !server.hasPrefix("https://") {
            throw ValidationError("--server: '\(server)' is not a URL that begins with http:// or https://")
        }
    }
}
