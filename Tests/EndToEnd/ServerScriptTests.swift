import Foundation
import SealpostTesting
import Testing

/// `script/server`, in a copy of its folder with the built tool.
@Suite struct ServerScriptTests {
    @Test func itRunsTheServiceWithItsDataBesideIt() async throws {
        let folder = try await copy()
        let server = try start([], in: folder)
        #expect(await server.output.contains("Sealpost is running at"), "\(server.errors.text)")
        #expect(FileManager.default.fileExists(atPath: folder.file("data/sealpost.sqlite")))
        server.signal(SIGTERM)
        #expect(await server.end() == .exited(0))
    }

    @Test func withPostgresASecondStartFindsTheDataOfTheFirstAndNothingRunsOn() async throws {
        let folder = try await copy()
        var carol: API?
        for _ in 1...2 {
            let server = try start(["--postgres"], in: folder)
            let line = await server.output.nextLine() ?? ""
            #expect(line.hasPrefix("Sealpost is running at "), "\(server.errors.text)")
            let url = String(line.dropFirst("Sealpost is running at ".count))
            if let token = carol?.token {
                #expect(try await API(url, token: token).call("GET", "/v1/account").status == 200)
            } else {
                carol = try await API.register("carol", at: url)
            }
            let postmaster = try #require(self.postmaster(in: folder))
            #expect(kill(postmaster, 0) == 0)
            server.signal(SIGTERM)
            #expect(await server.end() == .exited(0), "\(server.errors.text)")
            #expect(kill(postmaster, 0) != 0)
            #expect(self.postmaster(in: folder) == nil)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("data/sealpost.sqlite")))
    }

    private func copy() async throws -> Folder {
        let folder = try Folder()
        // By another process: a program that this one has open for writing, if only in a child that is about to start,
        // cannot be run.
        let copier = try Program(
            "/bin/sh", ["-c", #"mkdir script && cp "$0/server" "$0/lib" script"#, Binary.repository + "/script"],
            folder: folder.path)
        guard await copier.end() == .exited(0) else { throw Failure(copier.errors.text) }
        return folder
    }

    private func start(_ options: [String], in folder: Folder) throws -> Program {
        try Program(
            folder.file("script/server"), options + ["--listen-port", "0", "--passwords-profile", "minimal"],
            environment: ["SEALPOST_BINARY": Binary.path], folder: "/")
    }

    private func postmaster(in folder: Folder) -> pid_t? {
        let text = try? String(contentsOfFile: folder.file("data/postgres/postmaster.pid"), encoding: .utf8)
        return text?.split(separator: "\n").first.flatMap { pid_t($0) }
    }
}
