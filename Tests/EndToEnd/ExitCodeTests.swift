import Foundation
import SealpostTesting
import Testing

/// Each exit code of the manual, by a command that ends with it.
@Suite
struct ExitCodeTests {
    @Test func wrongCommandLinesEndWith64() async throws {
        let nobody = Profile("nobody", in: try Folder(), server: "http://127.0.0.1:9")
        #expect(try await nobody.run("frobnicate").status == 64)
        #expect(try await nobody.run("send").status == 64)
        #expect(try await nobody.run("send", "Not A Handle", "x").status == 64)
        #expect(try await nobody.run("send", "bob", "x", "--at", "tomorrow").status == 64)
        #expect(try await nobody.run("serve", "--listen-prot", "1").status == 64)
        #expect(try await nobody.run("verify", "bob", "--yes", "--accept").status == 64)
        #expect(try await nobody.run("whoami", environment: ["SEALPOST_SERVER": "ftp://x"]).status == 64)
        let told = try await nobody.run("send", environment: ["SEALPOST_JSON": "1"])
        #expect(told.status == 64)
        #expect(try JSON.lines(told.errors).last?["error"]["exit"] == 64)
    }

    @Test func wrongInputEndsWith65() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        #expect(try await alice.run("send", "alice", "").status == 65)
        let large = try await alice.run("send", "alice", input: String(repeating: "x", count: 300_000))
        #expect(large.status == 65)
        let binary = try Program(
            Binary.path, ["send", "alice"], environment: ["SEALPOST_PROFILE": alice.path], input: .bytes([0xff, 0xfe]))
        #expect(await binary.end() == .exited(65))
    }

    @Test func whatIsMissingEndsWith66AndUnknownAccountsWith67() async throws {
        let stage = try await Stage.set()
        #expect(try await stage.newcomer("nobody").run("whoami").status == 66)
        let alice = try await stage.person("alice")
        #expect(try await alice.run("outbox", "drop", "99").status == 66)
        #expect(try await alice.run("token", "revoke", "AAAAAAAAAAAAAAAAAAAAAA").status == 66)
        #expect(try await alice.run("device", "approve", "7", "--code", "1").status == 66)
        #expect(try await alice.run("send", "nobody", "x").status == 67)
        #expect(try await alice.run("contacts", "nobody").status == 67)
        #expect(try await alice.run("verify", "nobody").status == 67)
    }

    @Test func aServiceThatIsGoneEndsWith69() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        await stage.service.kill()
        #expect(try await alice.run("fetch").status == 69)
        #expect(try await stage.newcomer("bob").run("register", "bob").status == 69)
    }

    @Test func whatIsThereAlreadyEndsWith73() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        #expect(try await alice.run("register", "alice2").status == 73)
        #expect(try await stage.newcomer("other").run("register", "alice").status == 73)
    }

    @Test func outputThatCannotBeWrittenEndsWith74() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let environment = ["SEALPOST_PROFILE": alice.path]
        let full = try Program(
            "/bin/sh", ["-c", "'\(Binary.path)' whoami > /dev/full"], environment: environment)
        #expect(await full.end() == .exited(74))
    }

    @Test func aProfileInUseEndsWith75() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let watch = try alice.start(["watch"])
        #expect(await watch.errors.contains("waiting for mail"))
        #expect(try await alice.run("whoami").status == 75)
        watch.signal(SIGTERM)
        #expect(await watch.end() == .exited(0))
        #expect(try await alice.run("whoami").status == 0)
    }

    @Test func whatIsNotAllowedEndsWith77() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        #expect(try await alice.run("login", environment: ["SEALPOST_PASSWORD": "a wrong one"]).status == 77)
        #expect(try await alice.run("logout").status == 0)
        #expect(try await alice.run("fetch").status == 77)
        #expect(try await alice.run("login").status == 0)
        #expect(try await alice.run("fetch").status == 0)
    }

    @Test func aProfileThatIsDamagedOrExposedEndsWith78() async throws {
        let stage = try await Stage.set()
        let alice = try await stage.person("alice")
        let key = alice.path + "/profile.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        #expect(try await alice.run("whoami").status == 78)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        #expect(try await alice.run("whoami").status == 0)
        try FileManager.default.removeItem(atPath: key)
        #expect(try await alice.run("whoami").status == 78)
    }

    @Test func aServiceWithWrongSettingsEndsWith78AndNamesThem() async throws {
        let folder = try Folder()
        let bad = try Program(Binary.path, ["serve", "--listen-port", "many"], folder: folder.path)
        #expect(await bad.end() == .exited(78))
        #expect(bad.errors.text.contains("listen.port") && bad.errors.text.contains("many"))
    }
}
