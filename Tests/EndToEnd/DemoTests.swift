import Foundation
import SealpostTesting
import Testing

@Suite struct DemoTests {
    @Test func theDemoRunsFromAnyFolderAndLeavesNothing() async throws {
        let folder = try Folder()
        let demo = try Program(
            Binary.repository + "/script/demo", [],
            environment: [
                "SEALPOST_BINARY": Binary.path, "TMPDIR": folder.path, "SEALPOST_PROFILE": "/nowhere/at/all",
            ],
            folder: "/")
        #expect(await demo.end() == .exited(0), "\(demo.output.text)\(demo.errors.text)")
        #expect(demo.output.text.hasSuffix("Every step did what it says.\n"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func aStepThatFailsFailsTheDemo() async throws {
        let folder = try Folder()
        // Written by another process: a program that this one has open for writing, if only in a child that is about
        // to start, cannot be run.
        let script = """
            #!/bin/sh
            case "$*" in *fetch*) exit 0 ;; *) exec '\(Binary.path)' "$@" ;; esac
            """
        let writer = try Program(
            "/bin/sh", ["-c", "cat > forgetful && chmod +x forgetful"], folder: folder.path,
            input: .bytes(Array(script.utf8)))
        #expect(await writer.end() == .exited(0))
        let demo = try Program(
            Binary.repository + "/script/demo", [], environment: ["SEALPOST_BINARY": folder.file("forgetful")])
        #expect(await demo.end() == .exited(1))
        #expect(demo.errors.text.contains("The demo failed at: 4."))
    }
}
