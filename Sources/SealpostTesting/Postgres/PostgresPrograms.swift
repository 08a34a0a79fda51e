import Foundation

/// The programs of an installed PostgreSQL server, and how to run them: it refuses to be root.
struct PostgresPrograms: Sendable {
    /// The folder with `initdb`, `postgres` and `psql`.
    let folder: String

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// The newest server that Debian's packages have put here, or else the first one in `PATH`, or where `pg_config`
    /// says.
    static func find() async throws -> PostgresPrograms {
        let manager = FileManager.default
        let debian = "/usr/lib/postgresql"
        let versions = ((try? manager.contentsOfDirectory(atPath: debian)) ?? []).sorted {
            $0.compare($1, options: .numeric) == .orderedDescending
        }
        let search = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = versions.map { "\(debian)/\($0)/bin" } + search
        if let folder = candidates.first(where: hasServer) { return PostgresPrograms(folder: folder) }
        let config = try Program("/usr/bin/env", ["pg_config", "--bindir"])
        let folder = await config.end() == .exited(0) ? config.output.text.trimmingCharacters(in: .newlines) : ""
        guard hasServer(in: folder) else { throw Failure("no PostgreSQL server: on Debian, install postgresql") }
        return PostgresPrograms(folder: folder)
    }

    private static func hasServer(in folder: String) -> Bool {
        ["initdb", "postgres", "psql"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)")
        }
    }

    /// Starts a program as ourselves, or as the user `postgres` if we are root; either way it is the process that was
    /// started, without a shell or a guard between. It runs until its input ends it or it is signalled.
    static func start(_ executable: String, _ arguments: [String]) throws -> Program {
        let user = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        let line = (geteuid() == 0 ? user : []) + [executable] + arguments
        // The folder of the tests may be one that the other user cannot see.
        return try Program(line[0], Array(line.dropFirst()), folder: "/", input: .kept, limit: .seconds(86_400))
    }
}
