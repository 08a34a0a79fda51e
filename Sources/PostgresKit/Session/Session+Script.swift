import CPostgres

extension PostgresSession {
    /// Runs a text of several statements without parameters, such as a migration, for as long as that takes. In a
    /// transaction, after its first statement, it is part of that.
    public func script(_ sql: String) throws(PostgresError) {
        precondition(prefix.isEmpty, "a script does not begin a transaction")
        guard !isBroken else { throw .connectionLost("it broke before") }
        if interruption?.isRaised == true { throw .cancelled }
        deadline = nil
        do throws(PostgresError) {
            guard PQsendQuery(handle, sql) == 1 else { throw lost() }
            var failure: PostgresError?
            while let result = try next() {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: break
                default: failure = failure ?? ServerError(result).map(PostgresError.server) ?? lost()
                }
            }
            endCancelling()
            if let failure { throw failure }
        } catch {
            if PQstatus(handle) != CONNECTION_OK { isBroken = true }
            endCancelling()
            throw error
        }
    }
}
