import Foundation
import SealpostTesting
import Testing

/// The service as whoever starts it sees it.
@Suite struct ServeTests {
    @Test func theLinesOfTheFirstStartWorkAsPrintedAndShowAMessage() async throws {
        let folder = try Folder()
        let serve = try Program(
            Binary.path, ["serve", "--listen-port", "0", "--passwords-profile=minimal"], folder: folder.path)
        #expect(await serve.output.contains("&&"), "\(serve.errors.text)")
        let said = serve.output.text
        #expect(said.hasPrefix("Sealpost is running at http://127.0.0.1:"))
        let lines = said.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(lines.count == 3)

        let shell = try Program(
            "/bin/sh", ["-ec", lines.joined(separator: "\n")],
            environment: ["HOME": folder.path, "SEALPOST_PASSWORD": Profile.password], folder: folder.path)
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)")
        #expect(shell.output.text.hasSuffix("alice.1: hello\n"))

        serve.signal(SIGINT)
        #expect(await serve.end() == .exited(0))
        #expect(FileManager.default.fileExists(atPath: folder.file("data/sealpost.sqlite")))

        // The second start has nothing to explain.
        let again = try Program(Binary.path, ["serve", "--listen-port", "0"], folder: folder.path)
        #expect(await again.output.contains("Sealpost is running at"))
        again.signal(SIGTERM)
        #expect(await again.end() == .exited(0))
        #expect(again.output.text.split(separator: "\n").count == 1)
    }

    @Test func settingsComeFromFlagsThenTheEnvironmentThenAFileAndSecretsAreMasked() async throws {
        let folder = try Folder()
        let file = #"{"listen": {"port": 1, "host": "127.0.0.2"}, "log": {"level": "error"}}"#
        try file.write(toFile: folder.file("settings.json"), atomically: true, encoding: .utf8)
        let program = try Program(
            Binary.path, ["serve", "--config", folder.file("settings.json"), "--listen-port", "3", "--print-config"],
            environment: [
                "SEALPOST_LISTEN_PORT": "2", "SEALPOST_LOG_LEVEL": "warning",
                "SEALPOST_REGISTRATION_INVITES": "a very secret invite",
            ], folder: folder.path)
        #expect(await program.end() == .exited(0), "\(program.errors.text)")
        let shown = program.output.text
        #expect(shown.contains("listen.port = 3\n"))
        #expect(shown.contains("listen.host = 127.0.0.2\n"))
        #expect(shown.contains("log.level = warning\n"))
        #expect(!shown.contains("very secret"))
    }

    @Test func aMissingKeyringBesideADatabaseEndsWith78AndIsNotReplaced() async throws {
        let folder = try Folder()
        let first = try Program(Binary.path, ["migrate"], folder: folder.path)
        #expect(await first.end() == .exited(0), "\(first.errors.text)")
        try folder.remove("data/keyring.json")
        for command in [["migrate"], ["serve", "--listen-port", "0"]] {
            let program = try Program(Binary.path, command, folder: folder.path)
            #expect(await program.end() == .exited(78), "\(program.output.text)")
            #expect(program.errors.text.contains("data/keyring.json is missing"), "\(program.errors.text)")
            #expect(program.errors.text.contains("restore it from where it was backed up"))
            #expect(!FileManager.default.fileExists(atPath: folder.file("data/keyring.json")))
        }
    }

    @Test func aSecondProcessOnADataFolderEndsWith75UntilTheFirstIsGoneHoweverItWent() async throws {
        let service = try await Service.start()
        let data = service.folder.file("data")
        for command in [["migrate"], ["serve", "--listen-port", "0"]] {
            let second = try Program(
                Binary.path, command + ["--data-folder", data], folder: service.folder.path)
            #expect(await second.end() == .exited(75), "\(second.output.text)")
            #expect(second.errors.text.contains("the data folder \(data) is in use"), "\(second.errors.text)")
        }
        #expect(try await service.api().call("GET", "/readyz").status == 200)
        await service.kill()
        let migrate = try Program(Binary.path, ["migrate", "--data-folder", data], folder: service.folder.path)
        #expect(await migrate.end() == .exited(0), "\(migrate.errors.text)")
        try await service.start()
        #expect(await service.terminate() == .exited(0))
    }

    @Test func aPortThatIsTakenEndsWith69() async throws {
        let service = try await Service.start()
        let folder = try Folder()
        let second = try Program(
            Binary.path, ["serve", "--listen-port", "\(service.port)"], folder: folder.path)
        #expect(await second.end() == .exited(69), "\(second.errors.text)")
        #expect(second.errors.text.contains("sealpost: the service cannot run"))
    }

    @Test func migrateMakesTheStoreAndSaysSo() async throws {
        let folder = try Folder()
        for _ in 1...2 {
            let program = try Program(Binary.path, ["migrate"], folder: folder.path)
            #expect(await program.end() == .exited(0))
            #expect(program.errors.text.contains("up to date"))
        }
        #expect(FileManager.default.fileExists(atPath: folder.file("data/sealpost.sqlite")))
    }
}
