import Dispatch

/// Runs what blocks (Argon2id, opening a database) on a thread of its own, not on the cooperative pool.
func offPool<Value: Sendable>(
    _ body: @escaping @Sendable () throws(ClientError) -> Value
) async throws(ClientError) -> Value {
    let result: Result<Value, ClientError> = await withCheckedContinuation { continuation in
        DispatchQueue.global(qos: .userInitiated).async {
            do throws(ClientError) {
                continuation.resume(returning: .success(try body()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
