/// A five-character error code: PostgreSQL's documentation, appendix A.
public struct SQLState: Sendable, Hashable {
    public let code: String

    public init(_ code: String) {
        self.code = code
    }

    /// The first two characters.
    public var kind: Substring { code.prefix(2) }

    public static let uniqueViolation = SQLState("23505")
    public static let notNullViolation = SQLState("23502")
    public static let readOnlyTransaction = SQLState("25006")
    public static let idleInTransaction = SQLState("25P03")
    public static let unknownStatement = SQLState("26000")
    public static let serializationFailure = SQLState("40001")
    public static let deadlockDetected = SQLState("40P01")
    public static let insufficientPrivilege = SQLState("42501")
    public static let undefinedTable = SQLState("42P01")
    public static let duplicateStatement = SQLState("42P05")
    public static let syntaxError = SQLState("42601")
    public static let featureNotSupported = SQLState("0A000")
    public static let invalidParameter = SQLState("22023")
    public static let lockNotAvailable = SQLState("55P03")
    public static let diskFull = SQLState("53100")
    public static let tooManyConnections = SQLState("53300")
    public static let queryCanceled = SQLState("57014")
    public static let adminShutdown = SQLState("57P01")
    public static let crashShutdown = SQLState("57P02")
    public static let cannotConnectNow = SQLState("57P03")

    /// The server ends the connection with this, or the connection is of no use any more: to a server that became a
    /// standby, or with statements that the server no longer knows or would answer in another shape.
    var endsConnection: Bool {
        switch self {
        case .adminShutdown, .crashShutdown, .cannotConnectNow, .idleInTransaction, .readOnlyTransaction,
            .unknownStatement, .duplicateStatement, .featureNotSupported:
            true
        default:
            kind == "08"
        }
    }

    /// Statements of this connection are not there, or those of others are: a pooler in between does not keep sessions.
    var isOfAnotherSession: Bool { self == .unknownStatement || self == .duplicateStatement }
}
