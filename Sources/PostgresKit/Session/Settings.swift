/// Where a server is and how to speak to it.
public struct PostgresSettings: Sendable {
    /// A URL or connection string of libpq, with several hosts, TLS modes and all the rest that libpq knows.
    public var url: String
    /// Shown by the server in `pg_stat_activity`.
    public var applicationName: String
    /// For each address of each host; a `connect_timeout` in the URL (in seconds) comes before it.
    public var connectTimeout: Duration
    /// The server ends a statement after so long; zero: never.
    public var statementTimeout: Duration
    /// The server gives up waiting for a lock after so long; zero: never.
    public var lockTimeout: Duration
    /// So long after a statement's own time-out, or after it was asked to cancel one, a server that says nothing is given
    /// up. A pipeline has this time in all, too: its statements are not added up.
    public var patience: Duration
    /// Run on every new connection, to set what shall hold for all of it.
    public var preparation: [Query]
    /// Whether only a server that takes writes will do: how a failover among several hosts is followed.
    public var needsPrimary: Bool

    public init(
        url: String, applicationName: String = "", connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration = .seconds(15), lockTimeout: Duration = .seconds(2),
        patience: Duration = .seconds(5), preparation: [Query] = [], needsPrimary: Bool = true
    ) {
        self.url = url
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.patience = patience
        self.preparation = preparation
        self.needsPrimary = needsPrimary
    }

    /// Keyword and value, as libpq takes them: what stands before the URL it can override, what stands behind it not.
    var parameters: [(String, String)] {
        var parameters = [
            ("keepalives_idle", "20"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "20000"), ("application_name", applicationName), ("dbname", url),
            ("client_encoding", "UTF8"),
        ]
        if needsPrimary { parameters.append(("target_session_attrs", "read-write")) }
        return parameters
    }

    /// What the settings above set on a new connection.
    var session: Query {
        """
        SELECT set_config('statement_timeout', \(String(statementTimeout.milliseconds)), false),
            set_config('lock_timeout', \(String(lockTimeout.milliseconds)), false),
            set_config('idle_in_transaction_session_timeout', '60000', false),
            set_config('TimeZone', 'UTC', false)
        """
    }

    /// How long to wait for the server's answer; nil: for ever.
    var answerTimeout: Duration? { statementTimeout == .zero ? nil : statementTimeout + patience }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
