import CPostgres
import Glibc

/// One connection to a server as the work on it sees it: synchronous, on the connection's own thread.
///
/// Everything goes through libpq's pipeline mode with prepared statements and binary values: `pipeline` sends several
/// statements and reads their answers in one round trip.
public final class PostgresSession {
    let handle: OpaquePointer
    private let bell: Bell
    private let answerTimeout: Duration?
    /// The names of what is prepared, by text.
    private var prepared: [String: String] = [:]
    /// How many names were given, whatever became of them: a name is never given twice.
    private var names = 0
    /// Stops the work under way.
    var interruption: Interruption?
    /// Statements that go out with the next pipeline, before its own.
    private var prefix: [Query] = []
    private(set) var isBroken = false
    /// The transaction under way, once the server has numbered it.
    private var transactionID: TransactionID?

    /// A connection does not prepare more texts than this: a caller that makes texts from values would fill the server.
    private static let preparedLimit = 1_000

    /// Connects, which blocks for as long as libpq takes.
    init(_ settings: PostgresSettings, bell: Bell) throws(PostgresError) {
        self.bell = bell
        answerTimeout = settings.answerTimeout
        let parameters = settings.parameters
        let connected = withCStrings(parameters.map(\.0)) { keywords in
            withCStrings(parameters.map(\.1)) { values in PQconnectdbParams(keywords, values, 1) }
        }
        guard let connected else { throw .unreachable("out of memory") }
        handle = connected
        guard PQstatus(handle) == CONNECTION_OK else { throw .unreachable(connectionMessage) }
        PQsetnonblocking(handle, 1)
        // Notices are for people at a terminal.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
        _ = try pipeline(settings.session)
    }

    deinit { PQfinish(handle) }

    /// The server's process.
    public var backend: Int32 { PQbackendPID(handle) }

    /// The server's version, as 150_020.
    public var serverVersion: Int { Int(PQserverVersion(handle)) }

    // MARK: Queries

    @discardableResult
    public func run(_ query: Query) throws(PostgresError) -> Rows {
        try pipeline([query])[0]
    }

    /// Sends all of the queries and then reads their answers. The first that fails ends the pipeline: later ones are
    /// not run. Outside of `transaction` they are one transaction.
    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        guard !isBroken else { throw .closed }
        if interruption?.isRaised == true { throw .cancelled }
        let all = prefix + queries
        let hidden = prefix.count
        prefix = []
        do throws(PostgresError) {
            let rows = try exchange(all)
            if hidden > 1 { transactionID = TransactionID(UInt64(try rows[1][0].value(0, as: String.self)) ?? 0) }
            return Array(rows[hidden...])
        } catch {
            switch error {
            case .server(let server) where !server.state.endsConnection: break
            case .cancelled where PQstatus(handle) == CONNECTION_OK: break
            default: isBroken = true
            }
            throw error
        }
    }

    // MARK: Transactions

    /// What a transaction may do and sees.
    public enum Mode: Sendable {
        /// Each statement sees what was committed before it.
        case readWrite
        /// All statements see the same.
        case snapshot
    }

    /// Runs `body` in a transaction and commits it. BEGIN goes out with its first statements. A body that throws is
    /// rolled back. Throws `commitUnknown` if the connection broke while COMMIT was under way.
    public func transaction<Value>(
        _ mode: Mode = .readWrite, _ body: (PostgresTransaction) throws -> Value
    ) throws -> Value {
        transactionID = nil
        prefix =
            switch mode {
            case .readWrite: ["BEGIN", "SELECT pg_current_xact_id()::text"]
            case .snapshot: ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"]
            }
        let transaction = PostgresTransaction(session: self)
        do {
            let value = try body(transaction)
            if !transaction.isFinished { try transaction.commit() }
            return value
        } catch {
            prefix = []
            if !isBroken, PQtransactionStatus(handle) != PQTRANS_IDLE { rollBack() }
            throw error
        }
    }

    private func rollBack() {
        // Whatever cancelled the transaction does not cancel its end.
        interruption = nil
        do throws(PostgresError) {
            _ = try pipeline(["ROLLBACK"])
        } catch {
            // In doubt the server rolls back by itself when the connection goes.
            isBroken = true
        }
    }

    fileprivate func commit(with queries: [Query]) throws(PostgresError) -> [Rows] {
        // Nothing was sent and nothing is to be: there is no transaction.
        if queries.isEmpty, !prefix.isEmpty {
            prefix = []
            return []
        }
        do throws(PostgresError) {
            let rows = try pipeline(queries + ["COMMIT"])
            guard rows.last?.tag == "COMMIT" else { throw .unexpectedValue("a commit that rolled back") }
            return rows.dropLast()
        } catch {
            switch error {
            case .connectionLost, .timedOut:
                if let transactionID { throw .commitUnknown(transactionID) }
            case .server(let server) where server.state.kind == "57" && server.state.endsConnection:
                // Shut down while it waited for the log to be written, or for a standby.
                if let transactionID { throw .commitUnknown(transactionID) }
            default: break
            }
            throw error
        }
    }

    // MARK: The exchange

    /// Sends, and reads one answer a query.
    private func exchange(_ queries: [Query]) throws(PostgresError) -> [Rows] {
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
        var steps: [Step] = []
        var coming: [String: String] = [:]
        for query in queries { try send(query, &steps, &coming) }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        let deadline = answerTimeout.map { ContinuousClock.now + $0 }
        var rows: [Rows] = []
        var failure: PostgresError?
        for step in steps {
            switch try answer(by: deadline) {
            case .rows(let answer):
                switch step {
                case .prepare(let sql, let name): prepared[sql] = name
                case .execute: rows.append(answer)
                }
            case .failure(let error): failure = failure ?? error
            case .skipped: break
            }
        }
        try readSync(by: deadline)
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        if let failure { throw failure }
        return rows
    }

    private enum Step {
        case prepare(sql: String, name: String)
        case execute
    }

    private enum Answer {
        case rows(Rows)
        case failure(PostgresError)
        case skipped
    }

    private func send(
        _ query: Query, _ steps: inout [Step], _ coming: inout [String: String]
    ) throws(PostgresError) {
        var name = prepared[query.sql] ?? coming[query.sql]
        if name == nil, prepared.count + coming.count < Self.preparedLimit {
            let new = "s\(names)"
            names += 1
            let code = query.types.withUnsafeBufferPointer { types in
                PQsendPrepare(handle, new, query.sql, Int32(types.count), types.baseAddress)
            }
            guard code == 1 else { throw lost() }
            steps.append(.prepare(sql: query.sql, name: new))
            coming[query.sql] = new
            name = new
        }
        let code = query.withParameters { (values, lengths, formats) in
            if let name {
                PQsendQueryPrepared(handle, name, Int32(query.types.count), values, lengths, formats, 1)
            } else {
                query.types.withUnsafeBufferPointer { types in
                    PQsendQueryParams(
                        handle, query.sql, Int32(types.count), types.baseAddress, values, lengths, formats, 1)
                }
            }
        }
        guard code == 1 else { throw lost() }
        steps.append(.execute)
    }

    /// The answer to one statement of a pipeline, and the null behind it.
    private func answer(by deadline: ContinuousClock.Instant?) throws(PostgresError) -> Answer {
        guard let result = try next(by: deadline) else { throw lost() }
        let answer: Answer
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            answer = .rows(Rows(result))
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            answer = .skipped
        default:
            defer { PQclear(result) }
            guard PQstatus(handle) == CONNECTION_OK, let error = ServerError(result) else { throw lost() }
            let wasAsked = error.state == .queryCanceled && interruption?.isRaised == true
            answer = .failure(wasAsked ? .cancelled : .server(error))
        }
        guard try next(by: deadline) == nil else { throw .unexpectedValue("two answers to a statement") }
        return answer
    }

    private func readSync(by deadline: ContinuousClock.Instant?) throws(PostgresError) {
        guard let result = try next(by: deadline) else { throw lost() }
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_PIPELINE_SYNC else { throw lost() }
    }

    /// libpq's next result, sending and receiving until it is there. The caller clears it.
    private func next(by deadline: ContinuousClock.Instant?) throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if PQisBusy(handle) == 0 { return PQgetResult(handle) }
            try wait(toWrite: unsent == 1, by: deadline)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    /// Waits for the socket, or for an interruption while no statement is under way. A statement under way is cancelled
    /// at the server when it is interrupted, and the wait goes on for the answer to that.
    private func wait(toWrite: Bool, by deadline: ContinuousClock.Instant?) throws(PostgresError) {
        var descriptors = [
            pollfd(fd: PQsocket(handle), events: Int16(POLLIN | (toWrite ? POLLOUT : 0)), revents: 0),
            pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            let rest = deadline.map { ContinuousClock.now.duration(to: $0).milliseconds } ?? -1
            if deadline != nil, rest <= 0 { throw .timedOut }
            let count = poll(&descriptors, 2, Int32(clamping: rest))
            if count < 0, errno != EINTR { throw .connectionLost("poll failed (errno \(errno))") }
            if count > 0, descriptors[1].revents != 0 {
                bell.silence()
                if interruption?.isRaised == true {
                    guard PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
                    requestCancel()
                }
            }
            if count > 0, descriptors[0].revents != 0 { return }
        }
    }

    /// Asks the server, on a connection of its own, to end the statement under way.
    private func requestCancel() {
        guard let cancel = PQgetCancel(handle) else { return }
        defer { PQfreeCancel(cancel) }
        var reason = [CChar](repeating: 0, count: 256)
        // If it cannot be asked the statement's own time-out ends it.
        _ = PQcancel(cancel, &reason, Int32(reason.count))
    }

    // MARK: Idle

    /// Whether the connection is still there, as far as can be told without asking the server: one that closed it has
    /// said so.
    func isAlive() -> Bool {
        guard !isBroken else { return false }
        var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
        if poll(&descriptor, 1, 0) == 0 { return true }
        return PQconsumeInput(handle) == 1 && PQstatus(handle) == CONNECTION_OK
    }

    /// Waits for notifications, at most so long. Returns early, with none, when the work is interrupted.
    func notifications(within timeout: Duration) throws(PostgresError) -> [PostgresNotification] {
        let deadline = ContinuousClock.now + timeout
        while true {
            var received: [PostgresNotification] = []
            while let notification = PQnotifies(handle) {
                defer { PQfreemem(notification) }
                received.append(
                    PostgresNotification(
                        channel: String(cString: notification.pointee.relname),
                        payload: String(cString: notification.pointee.extra), backend: notification.pointee.be_pid))
            }
            if !received.isEmpty || interruption?.isRaised == true { return received }
            do throws(PostgresError) {
                try wait(toWrite: false, by: deadline)
            } catch {
                if case .timedOut = error { return [] }
                throw error
            }
            guard PQconsumeInput(handle) == 1 else {
                isBroken = true
                throw lost()
            }
        }
    }

    // MARK: Errors

    private func lost() -> PostgresError { .connectionLost(connectionMessage) }

    private var connectionMessage: String {
        let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n")
        return lines.isEmpty ? "no reason given" : lines.joined(separator: "; ")
    }
}

/// A transaction under way, to be used inside the body that it was given to.
public final class PostgresTransaction {
    public let session: PostgresSession
    public private(set) var isFinished = false

    fileprivate init(session: PostgresSession) {
        self.session = session
    }

    @discardableResult
    public func run(_ query: Query) throws(PostgresError) -> Rows { try session.run(query) }

    public func pipeline(_ queries: [Query]) throws(PostgresError) -> [Rows] { try session.pipeline(queries) }

    /// Runs the last queries and commits, in one round trip. Nothing can follow.
    @discardableResult
    public func commit(with queries: [Query] = []) throws(PostgresError) -> [Rows] {
        precondition(!isFinished, "a transaction ends once")
        isFinished = true
        return try session.commit(with: queries)
    }
}

extension ServerError {
    fileprivate init?(_ result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue else { return nil }
            return PQresultErrorField(result, Int32(ascii)).map { String(cString: $0) }
        }
        guard let state = field("C") else { return nil }
        self.init(state: SQLState(state), message: field("M") ?? "", constraint: field("n"))
    }
}

extension Query {
    /// The parameters as libpq takes them, valid during the call.
    fileprivate func withParameters<Value>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> Value
    ) -> Value {
        // libpq takes an empty value at an address and none at null, so there is an address even when all are empty.
        let bytes = bytes.isEmpty ? [0] : bytes
        return bytes.withUnsafeBytes { buffer in
            var offset = 0
            let values = lengths.map { length -> UnsafePointer<CChar>? in
                guard length >= 0 else { return nil }
                defer { offset += Int(length) }
                return buffer.baseAddress.map { $0.advanced(by: offset).assumingMemoryBound(to: CChar.self) }
            }
            return body(values, lengths.map { max($0, 0) }, [Int32](repeating: 1, count: lengths.count))
        }
    }
}

/// Null-terminated strings in a null-terminated array, valid during the call.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { pointers in
        guard let base = pointers.baseAddress else { preconditionFailure("the array has a null at least") }
        return body(base)
    }
}
