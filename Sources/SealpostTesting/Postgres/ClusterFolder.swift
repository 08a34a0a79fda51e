import Foundation

/// The folder of a throw-away PostgreSQL cluster, with a guard that sees to it that neither the folder nor a server on it
/// outlives these tests.
///
/// The guard is a shell that holds the reading end of a pipe from this process. When a line comes, or the pipe ends
/// because this process did (however it did), it stops what serves the folder, without mercy, and removes it. A signal at
/// the parent's death would do less: it follows the thread that started the server, and removes nothing.
final class ClusterFolder: Sendable {
    let path: String
    private let guardian: Program

    var data: String { "\(path)/data" }

    /// Makes the folder, with an empty cluster in it.
    init(_ programs: PostgresPrograms) async throws {
        guardian = try PostgresPrograms.start("/bin/sh", ["-c", Self.script, programs.folder])
        guard let line = await guardian.output.nextLine() else {
            _ = await guardian.end()
            throw Failure("initdb failed: \(guardian.errors.text)")
        }
        path = line
    }

    /// Stops what serves it, and removes it.
    func remove() async {
        guardian.write(Array("\n".utf8))
        _ = await guardian.end()
    }

    /// The guard's own life is the pipe's: signals at the whole process group, as by Ctrl-C, must not end it, nor that
    /// nobody hears it any more. Where the temporary folder is too deep for a socket's path (107 bytes), or closed to
    /// this user, `/tmp` is there.
    static let script = #"""
        trap '' INT TERM HUP PIPE
        parent=${TMPDIR:-/tmp}
        [ "${#parent}" -le 60 ] && [ -w "$parent" ] && [ -x "$parent" ] || parent=/tmp
        folder=$(mktemp -d "$parent/sealpost-postgres-XXXXXX") || exit 1
        "$0/initdb" -D "$folder/data" --auth=trust --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
            --no-sync --no-instructions </dev/null >"$folder/initdb.log" 2>&1 || {
            cat "$folder/initdb.log" >&2
            rm -rf "$folder"
            exit 1
        }
        echo "$folder" 2>/dev/null
        read -r line
        "$0/pg_ctl" stop --silent --mode=immediate -D "$folder/data" </dev/null >/dev/null 2>&1
        rm -rf "$folder"
        """#
}
