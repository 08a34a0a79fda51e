import Foundation
import SealpostCore
import SealpostTesting
import Testing

/// What scripts rely on: JSON lines, streams, quiet pipes, options from the environment.
@Suite
struct ToolOutputTests {
    @Test func everyCommandPrintsOneJSONObjectALineForJq() async throws {
        let stage = try await Stage.set()
        let folder = stage.folder
        let script = """
            set -euo pipefail
            p() { sealpost --json --profile "$1" "${@:2}" | jq -ce "if type == \\"object\\" then . else error end"; }
            p ./alice register alice
            p ./bob register bob --device-name 'the "laptop"'
            p ./alice whoami
            p ./alice login
            p ./alice send bob 'hello'
            p ./bob fetch | jq -ce 'select(.kind == "text" and .text == "hello" and .from == "alice.1")'
            p ./bob fetch --kept
            p ./alice contacts
            p ./alice contacts bob
            p ./alice verify bob --yes | jq -ce 'select(.verified and (.safety_number | length == 60))'
            p ./phone device link alice > link.json
            p ./alice device list
            p ./alice device approve alice.2 --code "$(jq -r .code link.json)"
            p ./phone fetch
            p ./alice device remove 2
            p ./alice send bob 'later' --at +1d > later.json
            p ./alice outbox list
            p ./alice outbox drain
            p ./alice outbox retry "$(jq .entry later.json)"
            p ./alice outbox drop "$(jq .entry later.json)"
            p ./alice token create cron --scopes mailbox,deposit > token.json
            p ./alice token list
            p ./alice token revoke "$(jq -r .id token.json)"
            p ./alice send bob 'watched'
            p ./bob watch --count 1 | jq -ce 'select(.text == "watched")'
            p ./alice logout
            """
        let shell = try tool(script, in: folder, server: stage.service.url)
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)\(shell.output.text)")
        let keys = try JSON.lines(shell.output.text).filter { if case .object = $0 { true } else { false } }
        #expect(keys.count >= 20)
    }

    @Test func errorsUnderJSONAreObjectsOnStandardErrorOnly() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let run = try await alice.run("send", "nobody", "hi", "--json")
        #expect(run.output.isEmpty)
        let error = try #require(try JSON.lines(run.errors).last)["error"]
        #expect(error["exit"] == 67)
        #expect(error["code"] == "not_found")
        #expect(error["message"].string?.isEmpty == false)
    }

    @Test func whatAReceiptNamesCannotMoveTheCursor() async throws {
        let stage = try await Stage.set()
        let alice = try await Person.register("alice", at: stage.service, in: stage.folder)
        let bob = try await stage.person("bob")
        let handle = try #require(Handle("bob"))
        try await alice.messenger.send(.receipt(ids: ["a\u{1b}[2J\nforged"], status: .read), to: handle)
        _ = try await alice.messenger.drainOutbox()
        let run = try await bob.run("fetch")
        #expect(run.output.hasSuffix(#"alice.1: [read] a\u{1b}[2J\nforged"# + "\n"), "\(run.output)")
    }

    @Test func aReaderThatGoesAwayIsNoErrorAndLosesNoMessage() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        for number in 1...5 { try await alice.json("send", "bob", "line \(number)") }
        // `true` reads nothing; the pipe's buffer never fills, so the tool is made to wait until it is gone.
        let script = """
            { sealpost --profile ./bob fetch; echo "status $?" >&2; } | true
            exit ${PIPESTATUS[0]}
            """
        let shell = try tool(script, in: stage.folder, server: stage.service.url)
        #expect(await shell.end() == .exited(0))
        let said = shell.errors.text
        #expect(!said.contains("sealpost:") && !said.contains("Fatal"), "\(said)")
        #expect(said.contains("status 141") || said.contains("status 0"))
        let printedLater = try await bob.fetched()
        #expect(try await bob.kept().map { $0["text"] } == (1...5).map { .string("line \($0)") })
        #expect(printedLater.isEmpty || printedLater.last == "line 5")
    }

    @Test func optionsComeFromTheEnvironmentAndTheCommandLineWins() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        _ = try await stage.person("bob")
        let json = ["SEALPOST_JSON": "1"]
        #expect(try await alice.run("whoami", environment: json).lines.first?["address"] == "alice.1")
        #expect(try await alice.run("whoami", environment: ["SEALPOST_JSON": "0"]).output.hasPrefix("alice.1 at"))
        #expect(try await alice.run("whoami", environment: ["SEALPOST_JSON": "perhaps"]).status == 64)
        let other = stage.folder.file("bob")
        #expect(try await alice.run("whoami", "--profile", other, environment: json).lines.first?["handle"] == "bob")
        #expect(try await alice.run("--profile", other, "whoami", environment: json).lines.first?["handle"] == "bob")
        let later = try await alice.run("send", "bob", "x", environment: ["SEALPOST_AT": "+1h", "SEALPOST_JSON": "1"])
        #expect(try later.lines.first?["state"] == "queued")
        let named = try await alice.run(
            "device", "list", environment: ["SEALPOST_JSON": "true", "SEALPOST_DEVICE_NAME": "unused"])
        #expect(try named.lines.count == 1)
    }

    @Test func thePasswordComesFromStandardInputOrTheEnvironmentAndNeverFromAnArgument() async throws {
        let stage = try await Stage.set()
        let none = ["SEALPOST_PASSWORD": ""]
        let alice = stage.newcomer("alice")
        let read = try await alice.run(
            "register", "alice", "--password-stdin", input: "from standard input\nignored", environment: none)
        #expect(read.status == 0, "\(read.errors)")
        #expect(try await alice.run("login", environment: ["SEALPOST_PASSWORD": "from standard input"]).status == 0)
        #expect(try await alice.run("login").status == 77)
        #expect(try await alice.run("login", "--password", "x").status == 64)
        #expect(try await alice.run("login", "--password-stdin", environment: none).status == 65)
    }

    @Test func aPasswordThatIsTypedIsAskedForTwiceAndNotShown() async throws {
        let stage = try await Stage.set()
        // A terminal of its own for the tool, and somebody who types when asked.
        let typist = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0:
                os.execvp("sealpost", ["sealpost", "--profile", "./alice", "register", "alice"])
            shown = b""
            prompts = [b"Password: ", b"Once more: "]
            while True:
                try:
                    piece = os.read(terminal, 1024)
                except OSError:
                    piece = b""
                if not piece:
                    break
                shown += piece
                if prompts and shown.endswith(prompts[0]):
                    prompts.pop(0)
                    os.write(terminal, b"typed at the keyboard\\n")
            sys.stdout.buffer.write(shown)
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let shell = try tool(
            """
            set -e
            env -u SEALPOST_PASSWORD python3 -c '\(typist)'
            SEALPOST_PASSWORD='typed at the keyboard' sealpost --profile ./alice login
            """, in: stage.folder, server: stage.service.url)
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)\(shell.output.text)")
        let shown = shell.output.text
        #expect(shown.contains("Password: ") && shown.contains("Once more: ") && !shown.contains("keyboard"))
        #expect(shown.contains("registered alice.1") && shown.contains("signed in as alice.1"))
    }

    @Test func aProfileCanBeProtectedByAPassphrase() async throws {
        let stage = try await Stage.set()
        let alice = stage.newcomer("alice")
        let protected = ["SEALPOST_PASSPHRASE": "open sesame"]
        #expect(try await alice.run("register", "alice", "--protect", environment: protected).status == 0)
        #expect(try await alice.run("whoami", environment: protected).status == 0)
        #expect(try await alice.run("whoami", environment: ["SEALPOST_PASSPHRASE": "open barley"]).status == 77)
    }

    @Test func controlCharactersOfAMessageReachNoTerminalAndNoSecondLine() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let bob = try await stage.person("bob")
        let text = "red \u{1b}[31m\u{7}\u{202e}\u{9b}2J\nroot: not from root \\n"
        try await alice.json("send", "bob", text)
        let piped = try await bob.run("fetch")
        #expect(piped.output.split(separator: "\n").count == 1)
        #expect(piped.output.contains(#"red \u{1b}[31m\u{7}\u{202e}\u{9b}2J\nroot: not from root \\n"#))
        #expect(try await bob.kept().first?["text"].string == text)

        // `script` gives the tool a terminal.
        let shell = try tool(
            "script -qec 'sealpost --profile ./bob fetch --kept' /dev/null", in: stage.folder, server: stage.service.url
        )
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)")
        let shown = shell.output.text
        #expect(shown.contains(#"red \u{1b}[31m\u{7}\u{202e}\u{9b}2J"#))
        #expect(shown.contains("    root: not from root \\n"))
        #expect(!shown.contains("\u{7}") && !shown.contains("\u{1b}[31m"))
        #expect(shown.contains("\u{1b}[1malice.1"), "a terminal has colours")
    }

    @Test func everyCommandHasHelpWithExamplesAndTheRootNamesTheExitCodes() async throws {
        let folder = try Folder()
        let root = try await Profile("nobody", in: folder, server: "http://127.0.0.1:9").run("--help")
        for code in ["64", "65", "66", "67", "69", "70", "73", "74", "75", "76", "77", "78"] {
            #expect(root.output.contains("\n   \(code)  "), "exit code \(code) is in --help")
        }
        let commands = [
            ["serve"], ["migrate"], ["register"], ["login"], ["logout"], ["whoami"], ["device"], ["device", "list"],
            ["device", "link"], ["device", "approve"], ["device", "remove"], ["send"], ["fetch"], ["watch"],
            ["outbox"], ["outbox", "list"], ["outbox", "drain"], ["outbox", "retry"], ["outbox", "drop"],
            ["contacts"], ["verify"], ["token"], ["token", "create"], ["token", "list"], ["token", "revoke"], ["bench"],
        ]
        for command in commands {
            let program = try Program(Binary.path, command + ["--help"])
            #expect(await program.end() == .exited(0))
            #expect(program.output.text.contains("EXAMPLE"), "\(command.joined(separator: " ")) --help has examples")
        }
    }

    /// Runs a script in which `sealpost` is the built tool.
    private func tool(_ script: String, in folder: Folder, server: String) throws -> Program {
        let binaries = folder.file("bin")
        try FileManager.default.createDirectory(atPath: binaries, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: binaries + "/sealpost", withDestinationPath: Binary.path)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let environment = [
            "PATH": "\(binaries):\(path)", "SEALPOST_SERVER": server, "SEALPOST_PASSWORD": Profile.password,
            "TERM": "xterm",
        ]
        return try Program("/bin/bash", ["-c", script], environment: environment, folder: folder.path)
    }
}
