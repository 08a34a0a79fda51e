import Foundation
import SealpostTesting
import Testing

@Suite
struct ReadmeTests {
    @Test func everyCommandOfTheReadmeRunsAndShowsWhatItSays() async throws {
        let service = try await Service.start()
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("bin/sealpost"), withDestinationPath: Binary.path)

        let (one, two) = (try FreePort.find(), try FreePort.find())
        let places = [
            "127.0.0.1:8080": "127.0.0.1:\(service.port)",
            "postgres://sealpost:secret@127.0.0.1/sealpost": try await PostgresCluster.shared.createDatabase(),
            "127.0.0.1:8081": "127.0.0.1:\(one)", "--listen-port 8081": "--listen-port \(one)",
            "127.0.0.1:8082": "127.0.0.1:\(two)", "--listen-port 8082": "--listen-port \(two)",
        ]
        var markdown = try String(contentsOfFile: Binary.repository + "/README.md", encoding: .utf8)
        for (printed, here) in places {
            #expect(markdown.contains(printed))
            markdown.replace(printed, with: here)
        }
        let tour = ShellTour(markdown: markdown)
        #expect(tour.blocks.count >= 5, "the tours are there")

        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let environment = [
            "PATH": "\(folder.file("bin")):\(path)", "HOME": folder.path, "SEALPOST_SERVER": service.url,
            "SEALPOST_PASSWORDS_PROFILE": "minimal",
        ]
        // With what it left running, if it hangs.
        let shell = try Program(
            "/usr/bin/timeout", ["200", "/bin/bash", "-c", tour.script(folder: folder.path)], environment: environment,
            folder: folder.path, limit: .seconds(240))
        #expect(await shell.end() == .exited(0), "\(shell.errors.text)")
        for (index, block) in tour.blocks.enumerated() {
            let output = try String(contentsOfFile: folder.file("block-\(index)"), encoding: .utf8)
            let missing = ShellTour.missing(block, in: output)
            #expect(
                missing == nil, "README.md, the block at line \(block.line), does not show this; it shows:\n\(output)")
        }
    }

    @Test func outcomesMatchInOrderWithWildcards() {
        let block = ShellTour.Block(line: 1, commands: "", outcomes: ["sent …", "… alice.1: hi"], until: nil)
        #expect(ShellTour.missing(block, in: "sent 4\n12:00 alice.1: hi\n") == nil)
        #expect(ShellTour.missing(block, in: "12:00 alice.1: hi\nsent 4\n") == "… alice.1: hi")
        #expect(ShellTour.matches("a b c", "a … c"))
        #expect(!ShellTour.matches("a b d", "a … c"))
    }
}
