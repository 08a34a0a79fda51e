import Foundation
import PostgresKit
import SealpostTesting
import Testing

/// What is left of connections that are gone.
@Suite struct ResourceMeasuredTests {
    private func count(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
    }

    /// Counts until there are few enough: threads end a moment after what they were for.
    private func falls(_ folder: String, to limit: Int) async throws -> Bool {
        for _ in 0..<2_000 {
            if try count(folder) <= limit { return true }
            try await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    @Test func connectionsThatAreDroppedLeaveNoThreadAndNoDescriptor() async throws {
        let settings = try await Database.settings()
        let unreachable = PostgresSettings(url: "postgres://127.0.0.1:\(try FreePort.find())/x")
        // Others run beside this one: what is lost here must stand out.
        let (threads, descriptors) = (try count("task"), try count("fd"))
        for round in 0..<300 {
            let connection = try PostgresConnection(round.isMultiple(of: 3) ? unreachable : settings)
            switch round % 6 {
            case 1: _ = try await connection.backend()
            case 2:
                let task = Task { try await connection.perform { _ = try $0.run("SELECT pg_sleep(60)") } }
                if round.isMultiple(of: 4) { try await Task.sleep(for: .milliseconds(5)) }
                task.cancel()
                _ = await failure { try await task.value }
            case 4:
                _ = try await connection.backend()
                await connection.close()
            default: _ = await failure { try await connection.backend() }
            }
        }
        #expect(try await falls("task", to: threads + 100))
        #expect(try await falls("fd", to: descriptors + 150))
    }
}
