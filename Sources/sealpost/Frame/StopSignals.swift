@preconcurrency import Dispatch
import Foundation

/// SIGINT and SIGTERM as a request to come to an end.
enum StopSignals {
    /// Runs `body` and cancels it at the first of these signals; a second one ends the process at once.
    ///
    /// - Returns: what `body` returned, or nil if it was stopped.
    static func stopping<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        try await withThrowingTaskGroup(of: Value?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                for await _ in signals() { return nil }
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { return nil }
            if first == nil {
                group.cancelAll()
                // What `body` throws because it was cancelled is no news.
                _ = try? await group.next()
            }
            return first
        }
    }

    private static func signals() -> AsyncStream<Void> {
        AsyncStream { continuation in
            let sources = [SIGINT, SIGTERM].map { number in
                // Dispatch sees a signal only if the default action does not come first.
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler {
                    signal(number, SIG_DFL)
                    continuation.yield()
                }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
