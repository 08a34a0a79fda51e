import CPostgres

/// Pipelines as libpq has them: each statement is sent as it comes, then a synchronization point; what comes back is a
/// result and a null for each statement, and a result for the point. Nothing of libpq's that is called here blocks.
extension PostgresSession {
    private enum Step {
        case prepare(sql: String, name: String)
        case execute
    }

    private enum Answer {
        case rows(Rows)
        case failure(PostgresError)
        case skipped
    }

    /// A connection does not prepare more texts than this: a caller that makes texts from values would fill the server.
    private static var preparedLimit: Int { 1_000 }

    /// Sends, and reads one answer a query.
    func exchange(_ queries: [Query], endsInCommit: Bool) throws(PostgresError) -> [Rows] {
        guard PQenterPipelineMode(handle) == 1 else { throw lost() }
        let steps = try send(queries)
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        isCommitting = endsInCommit
        defer { isCommitting = false }
        var rows: [Rows] = []
        var failure: PostgresError?
        for step in steps {
            switch try answer() {
            case .rows(let answer):
                switch step {
                case .prepare(let sql, let name): prepared[sql] = name
                case .execute: rows.append(answer)
                }
            case .failure(let error): failure = failure ?? error
            case .skipped: break
            }
        }
        try readSync()
        guard PQexitPipelineMode(handle) == 1 else { throw lost() }
        if let failure { throw failure }
        return rows
    }

    private func send(_ queries: [Query]) throws(PostgresError) -> [Step] {
        var steps: [Step] = []
        var coming: [String: String] = [:]
        for query in queries {
            var name = prepared[query.sql] ?? coming[query.sql]
            if name == nil, prepared.count + coming.count < Self.preparedLimit {
                let new = "s\(names)"
                names += 1
                guard query.sendPrepare(handle, name: new) else { throw lost() }
                steps.append(.prepare(sql: query.sql, name: new))
                coming[query.sql] = new
                name = new
            }
            guard query.send(handle, prepared: name) else { throw lost() }
            steps.append(.execute)
        }
        return steps
    }

    /// The answer to one statement, and the null behind it.
    private func answer() throws(PostgresError) -> Answer {
        guard let result = try next() else { throw lost() }
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
            // The connection goes with it, and whether that is known already is chance.
            guard !error.isFatal else { throw .connectionLost("PostgreSQL \(error.state.code): \(error.message)") }
            let wasAsked = error.state == .queryCanceled && interruption?.isRaised == true
            answer = .failure(wasAsked ? .cancelled : .server(error))
        }
        guard try next() == nil else { throw .unexpectedValue("two answers to a statement") }
        return answer
    }

    private func readSync() throws(PostgresError) {
        guard let result = try next() else { throw lost() }
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_PIPELINE_SYNC else { throw lost() }
    }

    /// libpq's next result, sending and receiving until it is there. The caller clears it.
    func next() throws(PostgresError) -> OpaquePointer? {
        while true {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if PQisBusy(handle) == 0 { return PQgetResult(handle) }
            try wait(toWrite: unsent == 1)
            guard PQconsumeInput(handle) == 1 else { throw lost() }
        }
    }

    func lost() -> PostgresError { .connectionLost(message(of: handle)) }
}

extension Query {
    func sendPrepare(_ handle: OpaquePointer, name: String) -> Bool {
        types.withUnsafeBufferPointer { types in
            PQsendPrepare(handle, name, sql, Int32(types.count), types.baseAddress) == 1
        }
    }

    /// - Parameter name: what it was prepared as; nil if it was not.
    func send(_ handle: OpaquePointer, prepared name: String?) -> Bool {
        withParameters { values, lengths, formats in
            let count = Int32(types.count)
            if let name { return PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1) == 1 }
            return types.withUnsafeBufferPointer { types in
                PQsendQueryParams(handle, sql, count, types.baseAddress, values, lengths, formats, 1) == 1
            }
        }
    }

    /// The parameters as libpq takes them, valid during the call.
    private func withParameters<Value>(
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

extension ServerError {
    init?(_ result: OpaquePointer) {
        func field(_ code: Character) -> String? {
            guard let ascii = code.asciiValue else { return nil }
            return PQresultErrorField(result, Int32(ascii)).map { String(cString: $0) }
        }
        guard let state = field("C").map(SQLState.init) else { return nil }
        let message = field("M") ?? ""
        // About values it quotes them.
        self.init(
            state: state, message: state.kind == "22" ? withoutQuotes(message) : message, constraint: field("n"))
        isFatal = field("V").map { $0 != "ERROR" } ?? false
    }
}
