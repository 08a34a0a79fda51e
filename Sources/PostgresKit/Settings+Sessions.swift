extension PostgresSettings {
    /// Whether connections stay sessions of their own at the server. A pooler in between may give what it has to another
    /// client after each transaction: what a connection sets, prepares and listens to is then somebody else's.
    ///
    /// Two connections ask who serves them. That finds a pooler that gives its connections to whoever comes; one with
    /// much to do may give these two a connection each, all the time, and be missed.
    public func keepsSessions() async throws -> Bool {
        var settings = self
        settings.preparation = []
        let (first, second) = (try PostgresConnection(settings), try PostgresConnection(settings))
        let answer: Bool
        do {
            // Each in one piece, so that no connection is made anew in between.
            let served = try await (first.perform(Self.processes), second.perform(Self.processes))
            answer = served.0.count == 1 && served.1.count == 1 && served.0 != served.1
        } catch let error as PostgresError where error.state?.isOfAnotherSession == true {
            answer = false
        }
        await first.close()
        await second.close()
        return answer
    }

    private static func processes(serving session: PostgresSession) throws -> Set<Int32> {
        var processes: Set<Int32> = []
        for _ in 1...3 { processes.insert(try session.run("SELECT pg_backend_pid()")[0].value(0)) }
        return processes
    }
}
