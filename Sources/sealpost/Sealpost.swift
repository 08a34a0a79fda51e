import ArgumentParser
import Foundation

/// The command line: one tool for the server, the client and its administrator.
@main
struct Sealpost: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sealpost",
        abstract: "Sealed mail from device to device, through mailboxes on plain HTTP.",
        discussion: """
            EXAMPLES
              sealpost serve                        run the service on 127.0.0.1:8080
              sealpost register alice               make an account, and keys here
              sealpost send bob 'hello'             encrypt, queue, deliver
              sealpost fetch                        collect, decrypt, print
              sealpost watch --exec ./on-message    run a command for every message

            ENVIRONMENT
              Every option can come from the environment: --profile NAME as
              SEALPOST_PROFILE, --json as SEALPOST_JSON=1. The command line wins.
              Passwords come from SEALPOST_PASSWORD, --password-stdin or the keyboard.

            EXIT STATUS
            \(ToolExit.table)
            """,
        version: "sealpost 0.1",
        groupedSubcommands: [
            CommandGroup(
                name: "Mail:",
                subcommands: [
                    SendCommand.self, FetchCommand.self, WatchCommand.self, OutboxCommand.self, ContactsCommand.self,
                    VerifyCommand.self,
                ]),
            CommandGroup(
                name: "Account:",
                subcommands: [
                    RegisterCommand.self, LoginCommand.self, LogoutCommand.self, WhoamiCommand.self,
                    DeviceCommand.self, TokenCommand.self,
                ]),
            CommandGroup(
                name: "Service:", subcommands: [ServeCommand.self, MigrateCommand.self, BenchCommand.self]),
        ])

    @OptionGroup var options: GlobalOptions

    static func main() async {
        // A reader that goes away is told by the write that fails, so that state is left in order.
        signal(SIGPIPE, SIG_IGN)
        var arguments = Array(CommandLine.arguments.dropFirst())
        do {
            arguments = try withEnvironment(arguments)
            var command = try parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error, json: arguments.contains("--json"))
        }
    }

    private static func withEnvironment(_ arguments: [String]) throws -> [String] {
        do {
            _ = try parseAsRoot(["--experimental-dump-help"])
            return arguments
        } catch {
            let options = try EnvironmentOptions(description: message(for: error))
            return try options.adding(to: arguments, from: ProcessInfo.processInfo.environment)
        }
    }

    private static func end(with error: any Error, json: Bool) -> Never {
        switch error {
        case is OutputClosed:
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
            Foundation.exit(ToolExit.inputOutput.rawValue)
        case let error as ToolError:
            fail(error, json: json)
        default:
            switch exitCode(for: error) {
            case .success: exit(withError: error)
            case .validationFailure where !json: exit(withError: error)
            case .validationFailure: fail(ToolError(.usage, message(for: error)), json: true)
            default: fail(ToolError(.defect, "\(error)"), json: json)
            }
        }
    }

    private static func fail(_ error: ToolError, json: Bool) -> Never {
        Output(json: json).failure(error)
        Foundation.exit(error.exit.rawValue)
    }
}
