import Foundation

/// What a process has open.
struct ProcessUse {
    var threads: Int
    var pollers: Int

    static func now() throws -> ProcessUse {
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        // Some are closed again before their turn comes: those have no destination any more.
        let targets = descriptors.map {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
        }
        return ProcessUse(
            threads: try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count,
            pollers: targets.count { $0 == "anon_inode:[eventpoll]" })
    }
}
