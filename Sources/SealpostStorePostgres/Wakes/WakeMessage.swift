import SealpostCore
import SealpostStore

/// Wakes as NOTIFY carries them: the sending node's mark, then a word a wake, `m12.1` for a mailbox and `a12` for an
/// account. Words that this release does not know are passed over.
struct WakeMessage {
    /// PostgreSQL takes less than 8,000 bytes.
    private static let limit = 7_900

    let node: String
    let wakes: [RemoteWake]

    /// As few messages as hold all of the wakes.
    static func texts(of wakes: some Swift.Sequence<RemoteWake>, from node: String) -> [String] {
        var texts: [String] = []
        var text = node
        for wake in wakes {
            let word = word(for: wake)
            if text.utf8.count + 1 + word.utf8.count > limit {
                texts.append(text)
                text = node
            }
            text += " " + word
        }
        if text != node { texts.append(text) }
        return texts
    }

    init(_ text: String) {
        let words = text.split(separator: " ")
        node = words.first.map(String.init) ?? ""
        wakes = words.dropFirst().compactMap(Self.wake)
    }

    private static func word(for wake: RemoteWake) -> String {
        switch wake {
        case .mailbox(let key): "m\(key.account.value).\(key.device.value)"
        case .account(let id): "a\(id.value)"
        }
    }

    private static func wake(_ word: Substring) -> RemoteWake? {
        let numbers = word.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        guard let account = numbers.first.flatMap({ Int64($0) }).map({ AccountID($0) }) else { return nil }
        switch (word.first, numbers.count) {
        case ("m", 2):
            return UInt32(numbers[1]).flatMap { DeviceNumber($0) }.map {
                .mailbox(MailboxKey(account: account, device: $0))
            }
        case ("a", 1): return .account(account)
        default: return nil
        }
    }
}
