import SealpostTesting

/// Asks again and again; throws after a time that is long for any machine and short for a poll.
func until(line: Int = #line, _ isSo: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !isSo() {
        guard ContinuousClock.now < deadline else { throw Failure("what is waited for in line \(line) has not come") }
        // Between two questions; how long matters to nothing.
        try await Task.sleep(for: .milliseconds(10))
    }
}
