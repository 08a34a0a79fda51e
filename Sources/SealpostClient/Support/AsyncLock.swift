/// Lets one task at a time through, in the order in which they came; the others wait without a thread.
///
/// Waiting ends only when the turn comes: what is done under the lock answers to cancellation itself.
actor AsyncLock {
    private var isHeld = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    private func take() async {
        guard isHeld else {
            isHeld = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Hands the lock to the one who waits longest; it stays held then.
    private func release() {
        if waiting.isEmpty {
            isHeld = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    nonisolated func withLock<Value: Sendable, Failure: Error>(
        _ body: @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        await take()
        do throws(Failure) {
            let value = try await body()
            await release()
            return value
        } catch {
            await release()
            throw error
        }
    }
}
