import SodiumKit

@testable import SealpostClient

/// Envelopes that nobody can open; the same ones in every run.
enum Malformed {
    /// Zeros, ones and noise behind the first bytes of each kind and of none, also cut short.
    static var ofEveryKind: [[UInt8]] {
        let starts: [[UInt8]] = [[1, 1], [1, 2], [1, 3], [1, 4], [1, 0x7f, 1, 0x61], [1, 9], [0, 0], []]
        let rests = [[], zeros(2_000), ones(2_000), noise(2_000), noise(64)]
        return starts.flatMap { start in rests.map { start + $0 } }
    }

    /// A valid prekey message or message with each of its fields cleared, filled, changed or cut off.
    static func variants(of envelope: [UInt8]) -> [[UInt8]] {
        let header = envelope.count < 1_700 ? 2 : 2 + 32 + 32 + 12 + 1_568
        var fields = [header..<header + 32, header + 32..<header + 36, header + 36..<header + 40]
        if header > 2 { fields += [2..<34, 34..<66, 66..<70, 70..<74, 74..<78, 78..<header] }
        fields.append(header + 40..<envelope.count)
        return fields.flatMap { field in
            var cleared = envelope
            cleared.replaceSubrange(field, with: zeros(field.count))
            var filled = envelope
            filled.replaceSubrange(field, with: ones(field.count))
            var changed = envelope
            changed[field.upperBound - 1] ^= 1
            var noisy = envelope
            noisy.replaceSubrange(field, with: noise(field.count))
            return [cleared, filled, changed, noisy, Array(envelope.prefix(field.lowerBound))]
        }.filter { $0 != envelope } + [envelope + [0]]
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    private static func ones(_ count: Int) -> [UInt8] { [UInt8](repeating: 0xff, count: count) }

    private static func noise(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += SHA256.hash(bytes) }
        return Array(bytes.prefix(count))
    }
}

extension Message.Content {
    /// Whether it is shown as something that could not be opened.
    var isUnreadable: Bool {
        switch self {
        case .undecryptable, .unsupported: true
        default: false
        }
    }
}
