import ArgumentParser

/// How the tool ends: the codes of BSD's `sysexits.h`, so that scripts can tell what to do next.
enum ToolExit: Int32, CaseIterable {
    case ok = 0
    case usage = 64
    case badInput = 65
    case missing = 66
    case unknownAccount = 67
    case unavailable = 69
    case defect = 70
    case exists = 73
    case inputOutput = 74
    case tryAgain = 75
    case notTrusted = 76
    case notAllowed = 77
    case badState = 78

    /// What the code says, for the manual and `--help`.
    var meaning: String {
        switch self {
        case .ok: "done (a message that waits in the outbox counts as done)"
        case .usage: "the command line is wrong"
        case .badInput: "the input is wrong: not UTF-8, too large, no such value"
        case .missing: "no such profile, device, outbox entry or token"
        case .unknownAccount: "no such account"
        case .unavailable: "the service cannot be reached or cannot serve now"
        case .defect: "a defect of the tool or of the service"
        case .exists: "it is there already: the profile, the handle"
        case .inputOutput: "a file, standard input or output failed"
        case .tryAgain: "not now: profile or data folder in use, waiting for approval, limited"
        case .notTrusted: "the service was caught lying, or a contact's key changed"
        case .notAllowed: "not signed in, wrong password or code, not allowed"
        case .badState: "the profile is unusable: damaged, too new, an old copy"
        }
    }

    /// The table for `--help`.
    static var table: String {
        allCases.map { code in
            let number = String(code.rawValue)
            return "  " + String(repeating: " ", count: 3 - number.count) + "\(number)  \(code.meaning)"
        }
        .joined(separator: "\n")
    }
}

/// Why the tool stops, in words for people and with the code for scripts.
struct ToolError: Error {
    let exit: ToolExit
    /// What went wrong and what to do about it, without a final full stop.
    let message: String
    /// The code of the service's error catalogue, if the service refused.
    let code: String?

    init(_ exit: ToolExit, _ message: String, code: String? = nil) {
        self.exit = exit
        self.message = message
        self.code = code
    }
}

/// Whoever read standard output went away: end quietly, as if by SIGPIPE.
struct OutputClosed: Error {}
