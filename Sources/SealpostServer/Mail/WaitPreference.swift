import HTTPTypes
import SealpostCore

/// How long a caller is ready to wait: by a parameter or member, or else by `Prefer: wait=N` (RFC 7240 section 4.3).
struct WaitPreference: Sendable, Hashable {
    static let longest = Limits.wait.components.seconds

    let seconds: Int64
    /// What `Preference-Applied` says; nil if the header had no part in it.
    let applied: String?

    init(asked: Int64?, of call: Call) {
        self.init(asked: asked, preferences: call.request.headers[values: .prefer])
    }

    /// - Parameters:
    ///   - asked: what the request itself says, within limits; goes before any preference.
    ///   - preferences: the values of `Prefer`; what is not understood there is passed over.
    init(asked: Int64?, preferences: [String]) {
        if let asked {
            (seconds, applied) = (asked, nil)
        } else if let preferred = preferences.lazy.compactMap(Self.wait).first {
            seconds = min(preferred, Self.longest)
            applied = "wait=\(seconds)"
        } else {
            (seconds, applied) = (0, nil)
        }
    }

    private static func wait(in value: String) -> Int64? {
        for preference in value.split(separator: ",") {
            let words = preference.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            guard words.count == 2, trimmed(words[0]).lowercased() == "wait" else { continue }
            let digits = trimmed(words[1])
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return Int64(digits) ?? longest
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0 == " " || $0 == "\t" }
        return start.prefix { $0 != " " && $0 != "\t" }
    }
}
