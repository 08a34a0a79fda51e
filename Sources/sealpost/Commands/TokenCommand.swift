import ArgumentParser
import SealpostClient
import SealpostCore

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke API tokens for scripts.",
        discussion: """
            A token lets curl do what its scopes name, for this device or account, without
            keys: it can collect envelopes and deposit them, and opens none.

            EXAMPLES
              sealpost token create cron --scopes mailbox
              TOKEN=$(sealpost token create cron --scopes mailbox,deposit --json | jq -r .token)
              sealpost token list
              sealpost token revoke ID
            """,
        subcommands: [TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self])

    /// A token as it is printed.
    struct Record: Encodable {
        var id: String
        var name: String
        var scopes: [Scope]
        var device: DeviceNumber?
        var created: Timestamp
        var expires: Timestamp
        var token: String?

        init(_ answer: TokenAnswer) {
            id = answer.id
            name = answer.name
            scopes = answer.scopes
            device = answer.device
            created = answer.created
            expires = answer.expires
            token = answer.token
        }

        func line(_ output: Output) -> String {
            let scopes = scopes.map(\.rawValue).joined(separator: ",")
            return "\(id)  \(output.foreign(name))  \(scopes)  until \(expires)"
        }
    }
}

struct TokenCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token; it is shown this once.",
        discussion: """
            EXAMPLE
              sealpost token create cron --scopes mailbox,deposit --expires 30d
            """)

    @Argument(help: ArgumentHelp("A name to know it by.", valueName: "name"))
    var name: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What it may do, with commas: mailbox, deposit, account, rooms:read, rooms:write, webhooks.",
            valueName: "scopes"))
    var scopes = "mailbox"

    @Option(name: .long, help: ArgumentHelp("How long it lives, at most 400d.", valueName: "time"))
    var expires = DurationArgument(.days(90))

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let scopes = try scopes.split(separator: ",").map { word in
            guard let scope = Scope(rawValue: String(word)) else {
                let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
                throw ToolError(.usage, "--scopes: '\(word)' is not one of \(known)")
            }
            return scope
        }
        try await options.withMessenger { messenger in
            let answer = try await messenger.api.createToken(
                TokenRequest(name: name, scopes: scopes, expires: .now + expires.duration))
            let output = options.output
            try output.record(TokenCommand.Record(answer), text: answer.token ?? "")
            if !output.json { output.talk("Keep it now: it is not shown again. Its id is \(answer.id).") }
        }
    }
}

struct TokenListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Show the account's tokens, without their secrets.",
        discussion: """
            EXAMPLE
              sealpost token list --json | jq -r .name
            """)

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withMessenger { messenger in
            for token in try await messenger.api.tokens() {
                let record = TokenCommand.Record(token)
                try options.output.record(record, text: record.line(options.output))
            }
        }
    }
}

struct TokenRevokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Revoke a token; it stops working within seconds.",
        discussion: """
            EXAMPLE
              sealpost token revoke "$(sealpost token list --json | jq -r 'select(.name == "cron").id')"
            """)

    @Argument(help: ArgumentHelp("The token's id, as token list shows it.", valueName: "id"))
    var id: String

    @OptionGroup var options: GlobalOptions

    private struct Record: Encodable {
        var id: String
        var state = "revoked"
    }

    func run() async throws {
        try await options.withMessenger { messenger in
            do throws(ClientError) {
                try await messenger.api.revokeToken(id)
            } catch {
                guard case .refused(let problem) = error, problem.code == .notFound else { throw error }
                throw ToolError(.missing, "there is no token \(id)", code: problem.code.rawValue)
            }
            try options.output.record(Record(id: id), text: "revoked \(id)")
        }
    }
}
