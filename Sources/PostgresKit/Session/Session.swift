import CPostgres

/// One connection to a server as the work on it sees it: synchronous, on the connection's own thread.
///
/// Everything goes through libpq's pipeline mode with prepared statements and binary values: `pipeline` sends several
/// statements and reads their answers in one round trip.
public final class PostgresSession {
    let handle: OpaquePointer
    let bell: Bell
    let patience: Duration
    private let answerTimeout: Duration?
    /// The life of the server that this connection is to.
    private(set) var life: ServerLife?

    /// Stops the work under way.
    var interruption: Interruption?
    /// A connection that is broken is of no use any more; its owner lets go of it.
    var isBroken = false

    /// The names of what is prepared, by text.
    var prepared: [String: String] = [:]
    /// How many names were given, whatever became of them: a name is never given twice.
    var names = 0
    /// When the answers under way must all be there.
    var deadline: ContinuousClock.Instant?
    /// When the server was last asked to end the statement under way, and the request, if there could be one.
    var cancelling: (request: CancelRequest?, since: ContinuousClock.Instant)?
    /// Whether COMMIT was sent with the statements under way: it is waited for.
    var isCommitting = false

    /// Statements that go out with the next pipeline, before its own.
    var prefix: [Query] = []
    /// The transaction under way, once the server has numbered it.
    var transactionID: TransactionID?
    var isInTransaction = false

    /// Connects, unless it is interrupted.
    init(_ settings: PostgresSettings, bell: Bell, interruption: Interruption?) throws(PostgresError) {
        self.bell = bell
        self.interruption = interruption
        patience = settings.patience
        answerTimeout = settings.answerTimeout
        handle = try Connecting(settings: settings, bell: bell, interruption: interruption).connect()
        // From here on `deinit` finishes it.
        PQsetnonblocking(handle, 1)
        let rows = try pipeline([settings.session, ServerLife.query] + settings.preparation)
        life = try ServerLife(rows[1][0])
    }

    deinit { PQfinish(handle) }

    /// The server's process.
    public var backend: Int32 { PQbackendPID(handle) }

    /// The server's version, as 150_020.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    @discardableResult
    public func run(_ query: Query) throws(PostgresError) -> Rows {
        try pipeline([query])[0]
    }

    /// Sends all of the queries and then reads their answers. The first that fails ends the pipeline: later ones are
    /// not run. Outside of `transaction` they are one transaction.
    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        try pipeline(queries, within: answerTimeout)
    }

    /// As `pipeline`, with a time of its own.
    ///
    /// - Parameter endsInCommit: whether the last of the queries is COMMIT.
    func pipeline(
        _ queries: [Query], within limit: Duration?, endsInCommit: Bool = false
    ) throws(PostgresError) -> [Rows] {
        guard !isBroken else { throw .connectionLost("it broke before") }
        if interruption?.isRaised == true { throw .cancelled }
        guard !queries.isEmpty else { return [] }
        let all = prefix + queries
        let hidden = prefix.count
        prefix = []
        deadline = limit.map { .now + $0 }
        do throws(PostgresError) {
            let rows = try exchange(all, endsInCommit: endsInCommit)
            endCancelling()
            if hidden > 1 { transactionID = try TransactionID(rows[1][0], life) }
            return Array(rows[hidden...])
        } catch {
            switch error {
            case .server(let server) where !server.state.endsConnection: break
            case .cancelled where PQstatus(handle) == CONNECTION_OK: break
            default: isBroken = true
            }
            endCancelling()
            throw error
        }
    }

    /// Runs the last queries of a transaction, and COMMIT.
    func commit(with queries: [Query]) throws(PostgresError) -> [Rows] {
        let rows = try pipeline(queries + ["COMMIT"], within: answerTimeout, endsInCommit: true)
        guard rows.last?.tag == "COMMIT" else { throw .unexpectedValue("a commit that rolled back") }
        return rows.dropLast()
    }

    /// Whether the connection is fit for work, as far as can be told without asking the server, or else by asking it.
    ///
    /// - Parameter isAsked: whether the server is asked anyway.
    func isFit(isAsked: Bool) -> Bool {
        guard !isBroken else { return false }
        var event: Bell.Event
        repeat {
            guard let next = try? bell.wait(of: PQsocket(handle), until: .now) else { return false }
            event = next
        } while event == .bell
        // A connection that was not asked anything has nothing to say, unless that it is over.
        if event == .socket {
            guard PQconsumeInput(handle) == 1, PQstatus(handle) == CONNECTION_OK else { return false }
        } else if !isAsked {
            return true
        }
        return (try? pipeline(["SELECT 1"], within: patience)) != nil
    }

    /// Whether work that is over has left a transaction open that it began by itself.
    var isLeftOpen: Bool { PQtransactionStatus(handle) != PQTRANS_IDLE }
}
