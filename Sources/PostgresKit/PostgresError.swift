/// What can go wrong between this process and a PostgreSQL server. No text quotes a password or a parameter.
public enum PostgresError: Error, Sendable, Hashable {
    /// No connection could be made: nothing was done.
    case unreachable(String)
    /// The pool gave no connection within its patience: nothing was done.
    case exhausted
    /// The connection broke. What was under way is undone by the server, unless it was a commit.
    case connectionLost(String)
    /// The server did not answer for so long that the connection was given up; as `connectionLost`.
    case timedOut
    /// The connection broke while COMMIT was under way: the transaction may be committed or not, see
    /// `PostgresPool.outcome(of:within:)`.
    case commitUnknown(TransactionID)
    /// The caller's task was cancelled; what was under way is undone.
    case cancelled
    /// The server refused a statement.
    case server(ServerError)
    /// A value is not what the code reads it as.
    case unexpectedValue(String)
    /// The connection or the pool was closed by its owner.
    case closed
}

/// The server's refusal of a statement: its code, and its own words without what may quote values.
public struct ServerError: Sendable, Hashable {
    public var state: SQLState
    public var message: String
    /// The name of a constraint that was broken.
    public var constraint: String?
    /// Whether the server ended the connection with it.
    var isFatal = false

    public init(state: SQLState, message: String, constraint: String? = nil) {
        self.state = state
        self.message = message
        self.constraint = constraint
    }
}

extension PostgresError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreachable(let cause): "PostgreSQL cannot be reached: \(cause)"
        case .exhausted: "no connection to PostgreSQL became free in time"
        case .connectionLost(let cause): "the connection to PostgreSQL broke: \(cause)"
        case .timedOut: "PostgreSQL did not answer in time"
        case .commitUnknown: "the connection to PostgreSQL broke during a commit"
        case .cancelled: "the query was cancelled"
        case .server(let error) where error.state.isOfAnotherSession:
            "PostgreSQL \(error.state.code): \(error.message); is there a pooler in between that does not keep sessions?"
        case .server(let error): "PostgreSQL \(error.state.code): \(error.message)"
        case .unexpectedValue(let what): "PostgreSQL gave \(what)"
        case .closed: "the connection to PostgreSQL is closed"
        }
    }

    /// The server's code, if the server said it.
    public var state: SQLState? {
        if case .server(let error) = self { error.state } else { nil }
    }
}
