import Foundation
import SealpostTesting

/// A server of somebody else's that runs beside a test. It ends with this value, and with the test process, however that
/// ends.
final class Companion: Sendable {
    private let guardian: Program

    /// - Parameters:
    ///   - name: of a program that is in `PATH`, or where Debian has those of administrators.
    ///   - user: whom to run it as if we are root, for one that refuses to be.
    init(_ name: String, _ arguments: [String], as user: String? = nil) throws {
        let program = try Self.find(name)
        let drop = user.map { ["/usr/bin/setpriv", "--reuid=\($0)", "--regid=\($0)", "--clear-groups"] } ?? []
        let line = (geteuid() == 0 ? drop : []) + [program] + arguments
        guardian = try Program(
            "/bin/sh", ["-c", Self.script] + ["sh"] + line, folder: "/", input: .kept, limit: .seconds(300))
    }

    /// Where Debian's packages put a program.
    static func find(_ name: String) throws -> String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") })
        else { throw Failure("no \(name): on Debian, install \(name)") }
        return "\(folder)/\(name)"
    }

    /// Asks until it answers; throws what it said if it does not.
    func ready(_ answers: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while (try? await answers()) != true {
            guard ContinuousClock.now < deadline, guardian.isRunning else {
                throw Failure("it does not answer: \(guardian.errors.text)")
            }
            // Between two questions; how long matters to nothing.
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    var log: String { guardian.errors.text }

    /// The guard's own life is the pipe's: signals at the whole process group, as by Ctrl-C, must not end it.
    private static let script = #"""
        trap '' INT TERM HUP PIPE
        exec 3<&0
        (trap - INT TERM HUP PIPE; exec "$@") </dev/null >&2 3<&- &
        child=$!
        (read -r line; kill "$child") <&3 &
        reader=$!
        wait "$child"
        kill -KILL "$reader"
        """#
}
